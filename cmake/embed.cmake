# Turns text files into C strings: rh_embed(OUT file.c VAR name FILES a b) writes
# `const char *const name[] = {"...", "..."}` and `const int name_len`.
function(rh_embed)
    cmake_parse_arguments(E "" "OUT;VAR" "FILES" ${ARGN})
    set(body "")
    foreach(f ${E_FILES})
        file(READ ${f} text)
        string(REPLACE "\\" "\\\\" text "${text}")
        string(REPLACE "\"" "\\\"" text "${text}")
        string(REPLACE "\n" "\\n\"\n    \"" text "${text}")
        string(APPEND body "    \"${text}\",\n")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${f})
    endforeach()
    list(LENGTH E_FILES n)
    file(CONFIGURE OUTPUT ${E_OUT} CONTENT
"extern const char *const ${E_VAR}[];\nextern const int ${E_VAR}_len;\nconst char *const ${E_VAR}[] = {\n@body@};\nconst int ${E_VAR}_len = ${n};\n" @ONLY)
endfunction()
