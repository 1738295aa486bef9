/* folder.h - a folder of a test's own. */
#ifndef RH_TEST_FOLDER_H
#define RH_TEST_FOLDER_H

#include <stdio.h>
#include <stdlib.h>

/* Its path; NULL when there can be none. The same until it is removed. */
const char *test_folder(void);
/* A database: REHEARSE_TEST_STORE_URL where that is set, else a file in the folder. NULL as above. */
const char *test_database(void);
/* The folder with all that is in it. 0 = done. */
int test_folder_remove(void **state);

#endif
