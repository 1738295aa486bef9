/* tls.c - TLS 1.2 and 1.3 between memory buffers. ALPN offers http/1.1 alone. */
#include <openssl/err.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include "loop_internal.h"

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *n_out, const unsigned char *in,
                           unsigned n_in, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1\x08http/1.0";
    unsigned char *chosen = NULL;
    (void)ssl, (void)arg;
    if (SSL_select_next_proto(&chosen, n_out, ours, sizeof ours - 1, in, n_in) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static rh_status check_files(const char *cert, const char *key, rh_error *err)
{
    const char *files[] = {cert, key};
    for (int i = 0; i < 2; i++)
        if (access(files[i], R_OK) != 0)
            return rh_fail(err, RH_ERR_IO, "%s %.100s: %s", i ? "tls_key" : "tls_cert", files[i], strerror(errno));
    return RH_OK;
}

rh_status net_tls_new(SSL_CTX **out, const char *cert, const char *key, rh_error *err)
{
    rh_status st = check_files(cert, key, err);
    if (st != RH_OK)
        return st;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        return rh_fail(err, RH_ERR_NOMEM, "TLS: out of memory");
    (void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                       SSL_OP_CIPHER_SERVER_PREFERENCE);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(ctx) != 1) {
        ERR_clear_error();
        SSL_CTX_free(ctx);
        return rh_fail(err, RH_ERR_FORMAT, "tls_cert and tls_key are not a PEM certificate and its key");
    }
    *out = ctx;
    return RH_OK;
}

bool net_tls_attach(net_link *l)
{
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    l->ssl = in && out ? SSL_new(l->net->tls) : NULL;
    if (!l->ssl) {
        BIO_free(in);
        BIO_free(out);
        return false;
    }
    BIO_set_mem_eof_return(in, -1);
    BIO_set_mem_eof_return(out, -1);
    SSL_set_bio(l->ssl, in, out);
    SSL_set_accept_state(l->ssl);
    return true;
}

/* What OpenSSL wants sent. */
static void collect(net_link *l)
{
    BIO *out = SSL_get_wbio(l->ssl);
    char *bytes;
    long n = BIO_get_mem_data(out, &bytes);
    if (n <= 0)
        return;
    if (l->n_wire_sent == l->wire.len) {
        rh_buf_clear(&l->wire);
        l->n_wire_sent = 0;
    }
    if (rh_buf_add(&l->wire, bytes, (size_t)n) != RH_OK)
        rh_net_close(&l->conn);
    (void)BIO_reset(out);
}

/* Somebody speaks plain HTTP to this port: they are told, in plain words. */
static bool is_plain_http(unsigned long e)
{
    return ERR_GET_LIB(e) == ERR_LIB_SSL && (ERR_GET_REASON(e) == SSL_R_HTTP_REQUEST);
}

static void broken(net_link *l)
{
    static const char plain[] = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n"
                                "\r\n{\"detail\":\"this port speaks https: use https:// instead\"}";
    bool http = is_plain_http(ERR_peek_error());
    ERR_clear_error();
    collect(l); /* an alert may tell why */
    if (http && rh_buf_add(&l->wire, plain, sizeof plain - 1) != RH_OK)
        http = false;
    if (l->wire.len > l->n_wire_sent)
        net_conn_finish(&l->conn);
    else
        rh_net_close(&l->conn);
}

void net_tls_read(net_link *l)
{
    rh_net *net = l->net;
    l->tls_blocked = false;
    for (;;) {
        if (!net_conn_reads(&l->conn)) {
            l->tls_blocked = true;
            break;
        }
        ERR_clear_error();
        int n = SSL_read(l->ssl, net->plain_buf, sizeof net->plain_buf);
        if (n > 0) {
            net_conn_feed(&l->conn, net->plain_buf, (size_t)n);
            continue;
        }
        int e = SSL_get_error(l->ssl, n);
        if (e == SSL_ERROR_ZERO_RETURN)
            net_conn_eof(&l->conn);
        else if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE)
            broken(l);
        break;
    }
    collect(l);
    net_conn_touch(&l->conn);
}

void net_tls_received(net_link *l, const char *bytes, size_t n)
{
    if (BIO_write(SSL_get_rbio(l->ssl), bytes, (int)n) != (int)n)
        rh_net_close(&l->conn);
    else
        net_tls_read(l);
}

bool net_tls_write(net_link *l)
{
    net_out *o = &l->conn.out;
    collect(l);
    while (o->head && o->n && l->wire.len - l->n_wire_sent < NET_READ_BYTES) {
        net_chunk *h = o->head;
        size_t n = h->n - h->at;
        ERR_clear_error();
        int k = SSL_write(l->ssl, h->bytes + h->at, (int)(n < (16 << 10) ? n : 16 << 10));
        if (k <= 0) {
            int e = SSL_get_error(l->ssl, k);
            collect(l);
            return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE;
        }
        net_conn_taken(&l->conn, (size_t)k);
        collect(l);
    }
    return true;
}
