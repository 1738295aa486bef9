/* file_name.h - names of files as they can be shown: a name is any bytes but '/' and zero. */
#ifndef RH_CLI_FILE_NAME_H
#define RH_CLI_FILE_NAME_H

/* In valid UTF-8: each byte that is none becomes U+FFFD. rh_free() it; NULL = out of memory. */
char *rh_cli_name_utf8(const char *name);

/* On one line of plain text: control characters and bytes that are no UTF-8 as \t, \n, \r or
 * \x1b. rh_free() it; NULL = out of memory. */
char *rh_cli_name_line(const char *name);

#endif
