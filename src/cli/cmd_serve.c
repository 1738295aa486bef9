/* rehearse serve - the server: REST, WebSockets and the practice page. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"
#include "commands.h"
#include "rehearse/log.h"
#include "rehearse/server.h"
