/* folder.h - a folder of a test's own. */
#ifndef RH_TEST_FOLDER_H
#define RH_TEST_FOLDER_H

#include <stdio.h>
#include <stdlib.h>

/* Its path; NULL when there can be none. The same until it is removed. */
const char *test_folder(void);
/* With all that is in it. 0 = done. */
int test_folder_remove(void **state);

#endif
