/* keeps a module without sources a valid library */
typedef int rh_no_sources;
