/* Hashes of files, by OpenSSL. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "model_internal.h"

enum { HASH_HEX = 65 }; /* a SHA-256 in hexadecimal and its NUL */

static bool hash_stream(FILE *f, const EVP_MD *md, char hex[HASH_HEX])
{
    static const char digit[] = "0123456789abcdef";
    unsigned char block[1 << 16], sum[EVP_MAX_MD_SIZE];
    unsigned n_sum = 0;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = c && EVP_DigestInit_ex(c, md, NULL);
    for (size_t n; ok && (n = fread(block, 1, sizeof block, f)) > 0;)
        ok = EVP_DigestUpdate(c, block, n);
    ok = ok && !ferror(f) && EVP_DigestFinal_ex(c, sum, &n_sum);
    EVP_MD_CTX_free(c);
    if (!ok || n_sum * 2 >= HASH_HEX)
        return false;
    for (unsigned i = 0; i < n_sum; i++) {
        hex[2 * i] = digit[sum[i] >> 4];
        hex[2 * i + 1] = digit[sum[i] & 15];
    }
    hex[2 * n_sum] = '\0';
    return true;
}

/* `algorithm` by OpenSSL's name. */
static rh_status file_hash(const char *path, const char *algorithm, char hex[HASH_HEX], rh_error *err)
{
    const EVP_MD *md = EVP_get_digestbyname(algorithm);
    FILE *f = fopen(path, "rb");
    if (!f)
        return rh_fail(err, RH_ERR_IO, "%s: %s", path, strerror(errno));
    bool ok = md && hash_stream(f, md, hex);
    fclose(f);
    return ok ? RH_OK : rh_fail(err, RH_ERR_IO, "%s could not be read whole", path);
}

rh_status rh_file_check(const char *path, const char *algorithm, const char *expected, rh_error *err)
{
    char hex[HASH_HEX];
    rh_status st = file_hash(path, algorithm, hex, err);
    if (st != RH_OK || strcmp(hex, expected) == 0)
        return st;
    unlink(path);
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    return rh_fail(err, RH_ERR_FORMAT, "%.60s was wrong and is thrown away: expected %s %s, received %s", name,
                   algorithm, expected, hex);
}
