#include "rehearse/who/tokens.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include "rehearse/base/random.h"

static const char hashed[] = "sha256:";
enum { N_HASHED = sizeof hashed - 1 };

/* One entry of the list; parts are not terminated. */
typedef struct {
    const char *text, *name, *role, *secret;
    int n_text, n_name, n_role, n_secret;
    bool named;
} entry;

static int span(const char *from, const char *end, char until)
{
    const char *p = memchr(from, until, (size_t)(end - from));
    return (int)((p ? p : end) - from);
}

/* The next entry that is not empty; false: there is none. */
static bool next_entry(const char **list, entry *e)
{
    const char *p = *list;
    do {
        p += strspn(p, ", \t\n");
        *e = (entry){.text = p, .n_text = (int)strcspn(p, ", \t\n")};
        p += strcspn(p, ",");
    } while (!e->n_text && *p);
    *list = p;
    const char *end = e->text + e->n_text;
    e->secret = e->text;
    e->n_secret = e->n_text;
    if (e->n_text >= N_HASHED && strncmp(e->text, hashed, N_HASHED) == 0)
        return true;
    e->name = e->text;
    e->n_name = span(e->name, end, ':');
    e->role = e->name + e->n_name + (e->name + e->n_name < end);
    e->n_role = span(e->role, end, ':');
    e->named = e->role + e->n_role < end;
    if (e->named) {
        e->secret = e->role + e->n_role + 1;
        e->n_secret = (int)(end - e->secret);
    }
    return e->n_text > 0;
}

static bool is_hashed(const entry *e)
{
    return e->n_secret >= N_HASHED && strncmp(e->secret, hashed, N_HASHED) == 0;
}

static bool is_hash(const char *s, int n)
{
    return n == RH_SHA256_HEX_LEN && strspn(s, "0123456789abcdef") >= RH_SHA256_HEX_LEN;
}

bool rh_sha256_hex(const char *text, char out[RH_SHA256_HEX_LEN + 1])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!EVP_Digest(text, strlen(text), sum, &n, EVP_sha256(), NULL) || n * 2 != RH_SHA256_HEX_LEN)
        return false;
    rh_hex(out, sum, n);
    return true;
}

/* ---- checking ---- */

static rh_status check_one(const entry *e, int i, rh_error *err)
{
    if (e->named && rh_role_of(e->role, e->n_role) == RH_ROLE_COUNT)
        return rh_fail(err, RH_ERR_INVAL, "tokens, entry %d: its second part must be owner, member or mentor", i);
    if (e->named && !rh_person_name_valid(e->name, e->n_name))
        return rh_fail(err, RH_ERR_INVAL, "tokens, entry %d: a name has 1 to %d of A-Z a-z 0-9 . _ - @ +", i,
                       RH_PERSON_NAME_MAX);
    if (e->named && e->n_secret < 1)
        return rh_fail(err, RH_ERR_INVAL, "tokens, entry %d: the secret is missing: NAME:ROLE:SECRET", i);
    if (is_hashed(e) && !is_hash(e->secret + N_HASHED, e->n_secret - N_HASHED))
        return rh_fail(err, RH_ERR_INVAL, "tokens, entry %d: sha256: is followed by %d digits of 0-9 a-f", i,
                       RH_SHA256_HEX_LEN);
    return RH_OK;
}

/* Whether the entries before this one know its name by another role. */
static bool contradicts(const char *list, const entry *e)
{
    entry other;
    while (e->named && next_entry(&list, &other) && other.text < e->text)
        if (other.named && other.n_name == e->n_name && strncmp(other.name, e->name, (size_t)e->n_name) == 0 &&
            rh_role_of(other.role, other.n_role) != rh_role_of(e->role, e->n_role))
            return true;
    return false;
}

rh_status rh_tokens_check(const char *list, rh_error *err)
{
    entry e;
    int i = 0;
    rh_status st = RH_OK;
    for (const char *p = list; st == RH_OK && next_entry(&p, &e);) {
        st = check_one(&e, ++i, err);
        if (st == RH_OK && contradicts(list, &e))
            st = rh_fail(err, RH_ERR_INVAL, "tokens, entry %d: \"%.*s\" has another role in an earlier entry", i,
                         e.n_name, e.name);
    }
    return st;
}

/* ---- finding ---- */

/* Time does not tell how much of a guess was right. */
static bool same(const char *a, int n, const char *b)
{
    size_t n_b = strlen(b);
    unsigned diff = (size_t)n != n_b;
    for (size_t i = 0; i < n_b; i++)
        diff |= (unsigned char)b[i] ^ (unsigned char)(i < (size_t)n ? a[i] : 0);
    return diff == 0;
}

bool rh_tokens_find(const char *list, const char *given, rh_person *out)
{
    char sum[RH_SHA256_HEX_LEN + 1] = "";
    entry e;
    bool found = false;
    if (!*given || !rh_sha256_hex(given, sum))
        return false;
    while (next_entry(&list, &e)) {
        bool fits =
            is_hashed(&e) ? same(e.secret + N_HASHED, e.n_secret - N_HASHED, sum) : same(e.secret, e.n_secret, given);
        if (!fits || found)
            continue;
        found = true;
        *out = (rh_person){.role = e.named ? rh_role_of(e.role, e.n_role) : RH_ROLE_OWNER};
        if (e.named)
            (void)snprintf(out->name, sizeof out->name, "%.*s", e.n_name, e.name);
    }
    OPENSSL_cleanse(sum, sizeof sum);
    return found;
}

/* ---- making ---- */

rh_status rh_token_make(const char *name, const char *role, char secret[RH_TOKEN_SECRET_LEN + 1], char *text,
                        size_t size, rh_error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567"; /* 32: a random byte chooses evenly */
    unsigned char random[RH_TOKEN_SECRET_LEN];
    char sum[RH_SHA256_HEX_LEN + 1];
    if (!rh_person_name_valid(name, (int)strlen(name)))
        return rh_fail(err, RH_ERR_INVAL, "the name \"%.80s\" must have 1 to %d of A-Z a-z 0-9 . _ - @ +", name,
                       RH_PERSON_NAME_MAX);
    if (rh_role_of(role, (int)strlen(role)) == RH_ROLE_COUNT)
        return rh_fail(err, RH_ERR_INVAL, "the role \"%.40s\" must be owner, member or mentor", role);
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return rh_fail(err, RH_ERR_IO, "the system gives no random numbers");
    for (size_t i = 0; i < sizeof random; i++)
        secret[i] = letters[random[i] & 31];
    secret[RH_TOKEN_SECRET_LEN] = '\0';
    if (!rh_sha256_hex(secret, sum))
        return rh_fail(err, RH_ERR_UNSUPPORTED, "this system has no SHA-256");
    int n = snprintf(text, size, "%s:%s:%s%s", name, role, hashed, sum);
    return n > 0 && (size_t)n < size ? RH_OK : rh_fail(err, RH_ERR_LIMIT, "no room for the entry");
}
