#include "tables.h"

#define PART .of_session = true, .key = "session"
const store_table store_tables[STORE_TABLES] = {
    {.name = "segment", PART, .json = "data"},
    {.name = "event", PART, .number = "id", .json = "data"},
    {.name = "second", PART, .json = "data"},
    {.name = "told", PART, .json = "data"},
    {.name = "note", PART, .number = "id", .json = "data"},
    {.name = "share", PART, .json = "data"},
    {.name = "audio", PART},
    {.name = "job", .of_session = true, .key = "id", .number = "n", .apart = "session IS NULL", .json = "data"},
    {.name = "interview", .key = "id", .apart = "TRUE", .json = "data"},
    {.name = "goal", .key = "client", .apart = "TRUE", .json = "data"},
    {.name = "audit", .key = "CAST(id AS TEXT)", .number = "id", .apart = "TRUE", .json = "data"},
};
