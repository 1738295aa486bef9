# Everything that is not ours: system libraries through pkg-config, and what
# tools/setup put into the dependency cache (OpenVINO, whisper.cpp).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET libavformat libavcodec libswresample libswscale libavutil)
pkg_check_modules(IMAGES REQUIRED IMPORTED_TARGET libturbojpeg libjpeg libpng libwebp)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(INIH REQUIRED IMPORTED_TARGET inih)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(POSTGRES IMPORTED_TARGET libpq) # without it the store has SQLite alone
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(SSL REQUIRED IMPORTED_TARGET libssl libcrypto)

if(NOT RH_CACHE)
    if(DEFINED ENV{REHEARSE_CACHE})
        set(RH_CACHE $ENV{REHEARSE_CACHE})
    elseif(DEFINED ENV{XDG_CACHE_HOME})
        set(RH_CACHE $ENV{XDG_CACHE_HOME}/rehearse)
    else()
        set(RH_CACHE $ENV{HOME}/.cache/rehearse)
    endif()
endif()

set(OpenVINO_DIR ${RH_CACHE}/openvino/openvino/cmake)
find_package(OpenVINO REQUIRED COMPONENTS Runtime)

# whisper.cpp runs on GPUs, and the tests measure the native engine against it.
# tools/setup builds it (test, whisper, cuda); without it the program has the native engine.
set(WHISPER_PREFIX ${RH_CACHE}/whisper.cpp/install CACHE PATH "whisper.cpp built by tools/setup")
set(RH_WHISPER_CPP AUTO CACHE STRING "build the whisper.cpp engine: ON, OFF, or AUTO for where it is in the cache")
set_property(CACHE RH_WHISPER_CPP PROPERTY STRINGS AUTO ON OFF)
if(RH_WHISPER_CPP STREQUAL "AUTO")
    set(RH_HAS_WHISPER_CPP OFF)
    if(EXISTS ${WHISPER_PREFIX}/include/whisper.h)
        set(RH_HAS_WHISPER_CPP ON)
    endif()
else()
    set(RH_HAS_WHISPER_CPP ${RH_WHISPER_CPP})
endif()
if(RH_HAS_WHISPER_CPP)
    if(NOT EXISTS ${WHISPER_PREFIX}/include/whisper.h)
        message(FATAL_ERROR "whisper.cpp is not in ${WHISPER_PREFIX}: run tools/setup whisper first")
    endif()
    add_library(whisper::whisper INTERFACE IMPORTED)
    target_include_directories(whisper::whisper INTERFACE ${WHISPER_PREFIX}/include)
    target_link_libraries(whisper::whisper INTERFACE ${WHISPER_PREFIX}/lib/libwhisper.so
                          ${WHISPER_PREFIX}/lib/libggml.so ${WHISPER_PREFIX}/lib/libggml-base.so)
endif()

# The module has the engine's files, or the one that stands for them.
function(rh_choose_whisper_cpp target)
    get_target_property(sources ${target} SOURCES)
    if(RH_HAS_WHISPER_CPP)
        list(FILTER sources EXCLUDE REGEX "/whisper_cpp/absent\\.c$")
        target_link_libraries(${target} PUBLIC whisper::whisper)
    else()
        list(FILTER sources EXCLUDE REGEX "/whisper_cpp/")
        list(APPEND sources ${CMAKE_SOURCE_DIR}/src/asr/whisper_cpp/absent.c)
    endif()
    set_target_properties(${target} PROPERTIES SOURCES "${sources}")
endfunction()

# wslay comes without a pkg-config file.
find_library(WSLAY_LIBRARY wslay REQUIRED)
find_path(WSLAY_INCLUDE wslay/wslay.h REQUIRED)
add_library(wslay INTERFACE IMPORTED)
target_include_directories(wslay INTERFACE ${WSLAY_INCLUDE})
target_link_libraries(wslay INTERFACE ${WSLAY_LIBRARY})

# llhttp is three files of C; built as they are, without our warnings.
set(LLHTTP_DIR ${RH_CACHE}/llhttp)
if(NOT EXISTS ${LLHTTP_DIR}/include/llhttp.h)
    message(FATAL_ERROR "llhttp is not in ${LLHTTP_DIR}: run tools/setup first")
endif()
add_library(llhttp STATIC ${LLHTTP_DIR}/src/api.c ${LLHTTP_DIR}/src/http.c ${LLHTTP_DIR}/src/llhttp.c)
target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_DIR}/include)
target_compile_options(llhttp PRIVATE -w)
if(RH_SANITIZE)
    target_compile_options(llhttp PRIVATE -fno-sanitize=undefined)
endif()

# How English words are said.
set(RH_LEXICON ${RH_CACHE}/lexicon/lexicon.txt)
if(NOT EXISTS ${RH_LEXICON})
    message(FATAL_ERROR "${RH_LEXICON} is missing: run tools/setup first")
endif()

# Copies the libraries of the cache beside the program, so that it finds them
# wherever the folder is moved to.
function(rh_bundle_libraries target)
    set(libs ${CMAKE_BINARY_DIR}/lib)
    # DT_RPATH, not RUNPATH: it holds for the libraries of libraries too, so that
    # a packed folder (tools/dist) needs nothing of the machine but glibc.
    set_target_properties(${target} PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "\$ORIGIN/lib")
    target_link_options(${target} PRIVATE -Wl,--disable-new-dtags)
    add_custom_command(TARGET ${target} POST_BUILD
        COMMAND ${CMAKE_SOURCE_DIR}/tools/bundle ${RH_CACHE} ${libs} $<$<BOOL:${RH_HAS_WHISPER_CPP}>:${WHISPER_PREFIX}> VERBATIM COMMAND_EXPAND_LISTS)
    if(RH_SANITIZE) # TBB opens it with RTLD_DEEPBIND, which sanitizers refuse, and does without it
        add_custom_command(TARGET ${target} POST_BUILD
            COMMAND sh -c "rm -f ${libs}/libtbbbind*" VERBATIM)
    endif()
endfunction()

# The practice page beside the program, with what draws its charts.
function(rh_bundle_page target)
    file(GLOB_RECURSE page CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/*)
    set(uplot ${RH_CACHE}/uplot)
    add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/web.stamp
        COMMAND ${CMAKE_COMMAND} -E rm -rf ${CMAKE_BINARY_DIR}/web
        COMMAND ${CMAKE_COMMAND} -E copy_directory ${CMAKE_SOURCE_DIR}/web ${CMAKE_BINARY_DIR}/web
        COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/web/vendor
        COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/web/samples # `rehearse doctor` measures with them
        COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/tests/fixtures/jfk_opus_48k.webm ${CMAKE_BINARY_DIR}/web/samples/speech.webm
        COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/tests/fixtures/astronaut.jpg ${CMAKE_BINARY_DIR}/web/samples/face.jpg
        COMMAND ${CMAKE_COMMAND} -E copy ${uplot}/uPlot.iife.min.js ${uplot}/uPlot.min.css ${CMAKE_BINARY_DIR}/web/vendor
        COMMAND ${CMAKE_COMMAND} -E touch ${CMAKE_BINARY_DIR}/web.stamp
        DEPENDS ${page} VERBATIM)
    add_custom_target(page ALL DEPENDS ${CMAKE_BINARY_DIR}/web.stamp)
    add_dependencies(${target} page)
endfunction()
