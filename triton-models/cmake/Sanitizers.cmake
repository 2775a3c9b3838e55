# Third-party code is instrumented too: a sanitizer that sees only half of the writes reports races that are none.
if(SEEDBED_SANITIZE)
  add_compile_options(-fsanitize=${SEEDBED_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SEEDBED_SANITIZE})
endif()
