#include "test/fake/openssl_server.h"

#include "test/fake/certificates.h"
#include "test/support/support.h"

#include "sys/sockets.h"
#include "sys/sys.h"

#include <stdio.h>
#include <unistd.h>

#define RSA "-cert rsa.pem -key rsa.key "

/* Its own standards are lowered, so that it is our side that refuses. */
const struct unfit_server unfit_servers[UNFIT_SERVERS] = {
	{ "TLS 1.1", RSA "-tls1_1 -cipher ALL:@SECLEVEL=0" },
	{ "encrypted, but not authenticated with it", RSA "-tls1_2 -cipher ECDHE-RSA-AES256-SHA384:@SECLEVEL=0" },
	{ "no forward secrecy", RSA "-tls1_2 -cipher AES256-GCM-SHA384:@SECLEVEL=0" },
	{ "no certificate", "-nocert -tls1_2 -cipher aNULL:@SECLEVEL=0" },
	{ "no encryption", RSA "-tls1_2 -cipher eNULL:@SECLEVEL=0" },
	{ "a group of 1536 bits", RSA "-tls1_2 -cipher DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0 -dhparam dh.pem" },
	{ "a key of 1024 bits", "-cert weak.pem -key weak.key -cipher ALL:@SECLEVEL=0" },
	{ "signed with SHA-1", "-cert sha1.pem -key sha1.key -cipher ALL:@SECLEVEL=0" },
};

/* By a configuration of our own: Debian's wants more of an authority than ours has. */
static void sign(const char *name, const char *how)
{
	assert_int_equal(
		test_shell("cd '%s' && printf '[req]\\ndistinguished_name=n\\n[n]\\n' >sign.cnf && openssl req -config "
			   "sign.cnf -x509 -newkey %s -nodes -days 3 -subj /CN=%s -CA ca.pem -CAkey ca.key -addext "
			   "basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -out "
			   "%s.pem -keyout %s.key 2>sign.log || { cat sign.log; exit 1; }",
			   fake_certificates(), how, name, name, name),
		0);
}

static void make_once(void)
{
	static bool made;

	if (made)
		return;
	made = true;
	sign("rsa", "rsa:2048 -sha256");
	sign("weak", "rsa:1024 -sha256");
	sign("sha1", "rsa:2048 -sha1");
	assert_int_equal(
		test_shell("cd '%s' && openssl genpkey -genparam -algorithm DH -pkeyopt group:modp_1536 -out dh.pem",
			   fake_certificates()),
		0);
}

/* Of a listener that is gone again; nobody else is told a port that was just given. */
static uint16_t free_port(void)
{
	int listening;

	assert_ok(socket_listen("127.0.0.1", 0, &listening));
	uint16_t port = socket_port(listening);
	close(listening);
	return port;
}

uint16_t openssl_server_start(const char *options)
{
	uint16_t port = free_port();

	make_once();
	assert_int_equal(test_shell("cd '%s' && rm -f server.log && (openssl s_server -accept %u %s </dev/zero "
				    ">server.log 2>&1 & echo $! >server.pid) && for i in $(seq 200); do grep -q ACCEPT "
				    "server.log && exit 0; sleep 0.05; done; cat server.log; exit 1",
				    fake_certificates(), port, options),
			 0);
	return port;
}

bool openssl_server_stop(void)
{
	return test_shell("cd '%s' && kill $(cat server.pid); sleep 0.1; grep -q 'CIPHER is' server.log",
			  fake_certificates()) == 0;
}
