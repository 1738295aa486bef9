/* The official Whisper files in ggml format, and where one lies.
 * Source: the tables of whisper.cpp (models/README.md) and of its model
 * collection (ggerganov/whisper.cpp on Hugging Face), which publish SHA-1. */
#include "rehearse/models/model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const rh_model_entry catalog[] = {
    {"tiny", 77691713, "bd577a113a864445d4c299885e0cb97d4ba92b5f"},
    {"tiny-q5_1", 32152673, "2827a03e495b1ed3048ef28a6a4620537db4ee51"},
    {"tiny-q8_0", 43537433, "19e8118f6652a650569f5a949d962154e01571d9"},
    {"tiny.en", 77704715, "c78c86eb1a8faa21b369bcd33207cc90d64ae9df"},
    {"tiny.en-q5_1", 32166155, "3fb92ec865cbbc769f08137f22470d6b66e071b6"},
    {"base", 147951465, "465707469ff3a37a2b9b8d8f89f2f99de7299dac"},
    {"base-q5_1", 59707625, "a3733eda680ef76256db5fc5dd9de8629e62c5e7"},
    {"base-q8_0", 81768585, "7bb89bb49ed6955013b166f1b6a6c04584a20fbe"},
    {"base.en", 147964211, "137c40403d78fd54d454da0f9bd998f78703390c"},
    {"base.en-q5_1", 59721011, "d26d7ce5a1b6e57bea5d0431b9c20ae49423c94a"},
    {"small", 487601967, "55356645c2b361a969dfd0ef2c5a50d530afd8d5"},
    {"small-q5_1", 190085487, "6fe57ddcfdd1c6b07cdcc73aaf620810ce5fc771"},
    {"small-q8_0", 264464607, "bcad8a2083f4e53d648d586b7dbc0cd673d8afad"},
    {"small.en", 487614201, "db8a495a91d927739e50b3fc1cc4c6b8f6c2d022"},
    {"small.en-q5_1", 190098681, "20f54878d608f94e4a8ee3ae56016571d47cba34"},
    {"medium", 1533763059, "fd9727b6e1217c2f614f9b698455c4ffd82463b4"},
    {"medium-q5_0", 539212467, "7718d4c1ec62ca96998f058114db98236937490e"},
    {"medium-q8_0", 823369779, "e66645948aff4bebbec71b3485c576f3d63af5d6"},
    {"medium.en", 1533774781, "8c30f0e44ce9560643ebd10bbe50cd20eafd3723"},
    {"medium.en-q5_0", 539225533, "bb3b5281bddd61605d6fc76bc5b92d8f20284c3b"},
    {"large-v1", 3094623691, "b1caaf735c4cc1429223d5a74f0f4d0b9b59a299"},
    {"large-v2", 3094623691, "0f4c8e34f21cf1a914c59d8b3ce882345ad349d6"},
    {"large-v2-q5_0", 1080732091, "00e39f2196344e901b3a2bd5814807a769bd1630"},
    {"large-v2-q8_0", 1656129691, "da97d6ca8f8ffbeeb5fd147f79010eeea194ba38"},
    {"large-v3", 3095033483, "ad82bf6a9043ceed055076d0fd39f5f186ff8062"},
    {"large-v3-q5_0", 1081140203, "e6e2ed78495d403bef4b7cff42ef4aaadcfea8de"},
    {"large-v3-turbo", 1624555275, "4af2b29d7ec73d781377bfd1758ca957a807e941"},
    {"large-v3-turbo-q5_0", 574041195, "e050f7970618a659205450ad97eb95a18d69c9ee"},
    {"large-v3-turbo-q8_0", 874188075, "01bf15bedffe9f39d65c1b6ff9b687ea91f59e0e"},
};

enum { N_MODELS = sizeof catalog / sizeof catalog[0] };

const rh_model_entry *rh_model_catalog(size_t *n)
{
    *n = N_MODELS;
    return catalog;
}

const rh_model_entry *rh_model_find(const char *name)
{
    if (strcmp(name, "large") == 0)
        name = "large-v3";
    else if (strcmp(name, "turbo") == 0)
        name = "large-v3-turbo";
    for (size_t i = 0; i < N_MODELS; i++)
        if (strcmp(catalog[i].name, name) == 0)
            return &catalog[i];
    return NULL;
}

static bool ends_in_bin(const char *s)
{
    size_t n = strlen(s);
    return n > 4 && strcmp(s + n - 4, ".bin") == 0;
}

rh_status rh_model_path(const char *model, const char *models_dir, char *path, size_t size, rh_error *err)
{
    bool is_path = strchr(model, '/') || ends_in_bin(model);
    const rh_model_entry *entry = is_path ? NULL : rh_model_find(model);
    if (!is_path && !entry)
        return rh_fail(err, RH_ERR_NOTFOUND,
                       "no model is called '%.60s'; `rehearse model list` shows the names, and a "
                       "path must have a slash or end in .bin",
                       model);
    int n =
        is_path ? snprintf(path, size, "%s", model) : snprintf(path, size, "%s/ggml-%s.bin", models_dir, entry->name);
    if (n < 0 || (size_t)n >= size)
        return rh_fail(err, RH_ERR_LIMIT, "the path of model %.100s is too long", model);
    if (access(path, R_OK) == 0)
        return RH_OK;
    if (is_path)
        return rh_fail(err, RH_ERR_NOTFOUND, "model %s: %s", path, strerror(errno));
    return rh_fail(err, RH_ERR_NOTFOUND, "model %s is not in %.120s; get it with: rehearse model pull %s", entry->name,
                   models_dir, entry->name);
}
