/* Who a client is behind proxies: lists of networks, and what the trusted ones say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/networks.h"
#include "server/forwarded.h"

static void networks_have_their_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *list, *address;
        bool in;
    } cases[] = {
        {"loopback", "127.0.0.1", true},
        {"loopback", "127.9.8.7", true},
        {"loopback", "::ffff:127.0.0.1", true},
        {"loopback", "::1", true},
        {"loopback", "unix", true},
        {"loopback", "128.0.0.1", false},
        {"loopback", "::2", false},
        {"127.0.0.1", "unix", false},
        {"", "127.0.0.1", false},
        {"", "unix", false},
        {"10.0.0.0/8, 192.0.2.7", "10.255.1.2", true},
        {"10.0.0.0/8,192.0.2.7", "192.0.2.7", true},
        {"10.0.0.0/8 , 192.0.2.7", "192.0.2.8", false},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"172.16.0.0/12", "172.31.255.255", true},
        {"172.16.0.0/12", "172.32.0.0", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "203.0.113.9", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"0.0.0.0/0,::/0", "no address", false},
        {"0.0.0.0/0,::/0", "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rh_networks n;
        assert_int_equal(rh_networks_parse(&n, cases[i].list, NULL), RH_OK);
        if (rh_networks_have(&n, cases[i].address) != cases[i].in)
            fail_msg("%s in %s", cases[i].address, cases[i].list);
    }
}

static void what_is_no_network_is_named(void **state)
{
    (void)state;
    static const char *const wrong[] = {"proxy.example", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/",
                                        "10.0.0.0/8x",   "::1/129",     "10.0.0",      "10.0.0.1:80",
                                        "[::1]",         "*",           "unix"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char list[64];
        rh_networks n = {.n = 77};
        rh_error err;
        (void)snprintf(list, sizeof list, "loopback, %s", wrong[i]);
        assert_int_equal(rh_networks_parse(&n, list, &err), RH_ERR_INVAL);
        assert_non_null(strstr(err.msg, wrong[i]));
        assert_int_equal(n.n, 77);
    }
    char many[64 * 12 + 16] = "";
    for (int i = 0; i <= RH_MAX_NETWORKS; i++)
        strcat(many, "10.0.0.1,");
    rh_networks n;
    assert_int_equal(rh_networks_parse(&n, many, NULL), RH_ERR_LIMIT);
    many[strlen(many) - 9] = '\0';
    assert_int_equal(rh_networks_parse(&n, many, NULL), RH_OK);
    assert_int_equal(n.n, RH_MAX_NETWORKS);
}

static void the_client_is_the_last_one_whom_no_proxy_is(void **state)
{
    (void)state;
    static const struct {
        const char *trusted, *peer, *list;
        bool rfc7239;
        const char *client;
    } cases[] = {
        {"loopback", "203.0.113.9", NULL, false, "203.0.113.9"},
        {"loopback", "127.0.0.1", NULL, false, "127.0.0.1"},
        /* what a stranger says of himself counts nothing */
        {"loopback", "203.0.113.9", "198.51.100.1", false, "203.0.113.9"},
        {"", "127.0.0.1", "198.51.100.1", false, "127.0.0.1"},
        {"loopback", "127.0.0.1", "198.51.100.1, 203.0.113.9", false, "203.0.113.9"},
        {"loopback", "unix", "203.0.113.9", false, "203.0.113.9"},
        /* a chain of proxies */
        {"loopback,10.0.0.0/8", "127.0.0.1", "198.51.100.1, 203.0.113.9, 10.1.2.3", false, "203.0.113.9"},
        {"loopback,10.0.0.0/8", "127.0.0.1", "10.0.0.7,10.1.2.3", false, "10.0.0.7"},
        {"loopback", "127.0.0.1", "10.0.0.7,10.1.2.3", false, "10.1.2.3"},
        /* ports, brackets, blanks */
        {"loopback", "127.0.0.1", " 203.0.113.9:4711 ", false, "203.0.113.9"},
        {"loopback", "127.0.0.1", "[2001:db8::1]:4711", false, "2001:db8::1"},
        {"loopback", "127.0.0.1", "2001:db8::1", false, "2001:db8::1"},
        /* nonsense: the proxy that said it is all we know */
        {"loopback", "127.0.0.1", "", false, "127.0.0.1"},
        {"loopback", "127.0.0.1", "unknown", false, "127.0.0.1"},
        {"loopback", "127.0.0.1", "203.0.113.9,", false, "127.0.0.1"},
        {"loopback,10.0.0.0/8", "127.0.0.1", "203.0.113.9, _hidden, 10.1.2.3", false, "10.1.2.3"},
        /* Forwarded */
        {"loopback", "127.0.0.1", "for=203.0.113.9", true, "203.0.113.9"},
        {"loopback", "127.0.0.1", "for=198.51.100.1, proto=https;For=\"[2001:db8::1]:4711\";host=a", true,
         "2001:db8::1"},
        {"loopback,10.0.0.0/8", "127.0.0.1", "for=203.0.113.9;by=10.0.0.1,for=10.1.2.3", true, "203.0.113.9"},
        {"loopback", "127.0.0.1", "for=198.51.100.1, host=\"a,for=1.2.3.4\";for=203.0.113.9", true, "203.0.113.9"},
        {"loopback", "127.0.0.1", "for=_hidden", true, "127.0.0.1"},
        {"loopback", "127.0.0.1", "proto=https", true, "127.0.0.1"},
        {"loopback", "127.0.0.1", "203.0.113.9", true, "127.0.0.1"},
        {"loopback", "127.0.0.1", ";;for=;", true, "127.0.0.1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rh_networks n;
        char client[RH_ADDRESS_MAX];
        assert_int_equal(rh_networks_parse(&n, cases[i].trusted, NULL), RH_OK);
        rh_forwarded_client(client, &n, cases[i].peer, cases[i].list, cases[i].rfc7239);
        if (strcmp(client, cases[i].client) != 0)
            fail_msg("%s of %s: %s", cases[i].list ? cases[i].list : "nothing", cases[i].peer, client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_have_their_addresses),
        cmocka_unit_test(what_is_no_network_is_named),
        cmocka_unit_test(the_client_is_the_last_one_whom_no_proxy_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
