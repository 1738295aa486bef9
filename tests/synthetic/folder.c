#include "folder.h"
#include <ftw.h>

static char path[] = "/tmp/rehearse-test-XXXXXX";
static const char *made;

const char *test_folder(void)
{
    if (!made)
        made = mkdtemp(path);
    return made;
}

static int remove_one(const char *file, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(file);
}

int test_folder_remove(void **state)
{
    (void)state;
    return made ? nftw(made, remove_one, 16, FTW_DEPTH | FTW_PHYS) : 0;
}
