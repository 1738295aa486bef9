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

const char *test_database(void)
{
    static char file[sizeof path + 16];
    const char *folder = test_folder(), *url = getenv("REHEARSE_TEST_STORE_URL");
    (void)snprintf(file, sizeof file, "%s/sessions.db", folder ? folder : "");
    return !folder ? NULL : url ? url : file;
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
