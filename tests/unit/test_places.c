/* Who gets a place when connections are many: an address may have three quarters, this machine nearly all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>
#include "net/loop_internal.h"

enum { ALL = 16, MOST = 12 };

static rh_net *net;
static int ends[64], n_ends; /* the other ends of the sockets */

static void on_trouble(void *user, const char *line)
{
    (void)user, (void)line;
}

static int set_up(void **state)
{
    (void)state;
    static const rh_net_callbacks callbacks = {.trouble = on_trouble};
    rh_net_options o = {.max_connections = ALL, .max_header_bytes = 4096, .max_unsent_bytes = 4096};
    return rh_net_new(&net, &o, &callbacks, NULL, NULL) == RH_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    rh_net_free(net);
    while (n_ends)
        close(ends[--n_ends]);
    return 0;
}

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage a = {0};
    bool six = strchr(text, ':') != NULL;
    a.ss_family = six ? AF_INET6 : AF_INET;
    void *at = six ? (void *)&((struct sockaddr_in6 *)&a)->sin6_addr : (void *)&((struct sockaddr_in *)&a)->sin_addr;
    assert_int_equal(inet_pton(a.ss_family, text, at), 1);
    return a;
}

static void connect_from(const char *text, int n)
{
    struct sockaddr_storage a = address(text);
    for (int i = 0; i < n; i++) {
        int fd[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
        ends[n_ends++] = fd[1];
        net->core.now_us += 1000;
        net_accepted(net, fd[0], &a, false);
    }
}

/* How many of the open connections come from there. */
static int open_from(const char *text)
{
    int n = 0;
    for (const net_link *l = net->links; l; l = l->next)
        n += strcmp(l->conn.peer, text) == 0;
    return n;
}

static void an_address_gets_three_quarters(void **state)
{
    (void)state;
    connect_from("198.51.100.7", ALL - MOST);
    connect_from("192.0.2.1", ALL); /* its own give way, not those of others, which wait longer */
    assert_int_equal(open_from("192.0.2.1"), MOST);
    assert_int_equal(open_from("198.51.100.7"), ALL - MOST);
    assert_int_equal(rh_net_refused(net), ALL - MOST);
    assert_int_equal(rh_net_count(net), ALL);
    connect_from("203.0.113.9", 1); /* all is taken: who waits longest */
    assert_int_equal(open_from("198.51.100.7"), ALL - MOST - 1);
}

static void a_network_of_ipv6_is_one_address(void **state)
{
    (void)state;
    connect_from("2001:db8:0:1::1", 10);
    connect_from("2001:db8:0:1:ffff::2", 6);
    assert_int_equal(open_from("2001:db8:0:1::1") + open_from("2001:db8:0:1:ffff::2"), MOST);
    connect_from("2001:db8:0:2::1", ALL - MOST);
    assert_int_equal(rh_net_count(net), ALL);
    assert_int_equal(open_from("2001:db8:0:2::1"), ALL - MOST);
}

static void an_address_written_as_ipv6_is_the_same(void **state)
{
    (void)state;
    connect_from("::ffff:192.0.2.1", 8);
    connect_from("192.0.2.1", 8);
    assert_int_equal(rh_net_count(net), MOST);
}

static void who_works_does_not_give_way(void **state)
{
    (void)state;
    connect_from("192.0.2.1", MOST);
    for (net_link *l = net->links; l; l = l->next)
        l->conn.state = NET_WS;
    connect_from("192.0.2.1", 1);
    assert_int_equal(open_from("192.0.2.1"), MOST + 1);
    assert_true(net->links->conn.scarce); /* for one short request */
    connect_from("192.0.2.1", 1);
    assert_int_equal(open_from("192.0.2.1"), MOST + 1); /* which went for this one */
    connect_from("203.0.113.9", 2);
    assert_int_equal(open_from("203.0.113.9"), 2);
    assert_false(net->links->conn.scarce);
    for (net_link *l = net->links; l; l = l->next)
        if (l->conn.state == NET_WS)
            l->conn.state = NET_IDLE;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_address_gets_three_quarters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_network_of_ipv6_is_one_address, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_address_written_as_ipv6_is_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_works_does_not_give_way, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
