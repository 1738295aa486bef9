/* log.h - log lines to stderr. For `server` and `cli` only: library modules
 * report through rh_status and stay silent. Threads: any. */
#ifndef RH_LOG_H
#define RH_LOG_H

typedef enum { RH_LOG_ERROR, RH_LOG_WARN, RH_LOG_INFO, RH_LOG_DEBUG } rh_log_level;

void rh_log_set_level(rh_log_level level); /* default RH_LOG_INFO */
/* "error", "warn", "info", "debug" to a level; -1 for anything else. */
int rh_log_level_parse(const char *name);
/* One line "2026-11-23T10:00:00Z info message"; control characters inside become blanks. */
void rh_log(rh_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
