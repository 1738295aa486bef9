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

# The tables of src/vision/canonical_face.txt (see there) in C.
function(rh_embed_face OUT FILE)
    file(STRINGS ${FILE} points REGEX "^v ")
    file(STRINGS ${FILE} weights REGEX "^w ")
    file(STRINGS ${FILE} triangles REGEX "^f ")
    string(REGEX REPLACE "v ([^ ;]+) ([^ ;]+) ([^ ;]+);?" "    {\\1f, \\2f, \\3f},\n" points "${points}")
    string(REGEX REPLACE "w ([^ ;]+) ([^ ;]+);?" "    {\\1, \\2f},\n" weights "${weights}")
    string(REGEX REPLACE "f ([^ ;]+) ([^ ;]+) ([^ ;]+);?" "    {\\1, \\2, \\3},\n" triangles "${triangles}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${FILE})
    file(CONFIGURE OUTPUT ${OUT} CONTENT "#include \"vision/head_pose_internal.h\"
const float rh_canonical_face[RH_MESH_POINTS][3] = {\n@points@};
const rh_fit_weight rh_fit_weights[RH_FIT_POINTS] = {\n@weights@};
const short rh_face_triangles[RH_FACE_TRIANGLES][3] = {\n@triangles@};\n" @ONLY)
endfunction()
