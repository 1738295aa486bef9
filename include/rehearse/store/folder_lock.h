/* folder_lock.h - one program at a time writes to a data folder.
 *
 * The lock is the system's (flock) on the file `lock` in the folder, so it ends with its
 * holder however that ends; the file says who holds it. Threads: any. */
#ifndef RH_FOLDER_LOCK_H
#define RH_FOLDER_LOCK_H

#include "rehearse/base/status.h"

typedef struct rh_folder_lock rh_folder_lock;

/* Makes the folder when it is not there. `who` is shown to those who come later ("rehearse serve,
 * port 8000"). RH_ERR_IO the folder can't be written; RH_ERR_LIMIT somebody has it: the message
 * says who; RH_ERR_NOMEM. A holder that is just ending is waited for, up to 2 s. */
rh_status rh_folder_lock_take(rh_folder_lock **out, const char *dir, const char *who, rh_error *err);
void rh_folder_lock_release(rh_folder_lock *l); /* NULL is fine */

#endif
