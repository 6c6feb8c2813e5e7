#pragma once
#include <crypt.h>
#include <stdlib.h>
#include <string.h>

/// crypt_rn needs 32 KiB of scratch memory: too much for the stack of a thread that answers.
/// Writes the hash of a phrase under a setting; returns 0 when it could be made.
static inline int ccrypt_hash(const char *phrase, const char *setting, char *output, size_t size) {
  struct crypt_data *data = (struct crypt_data *)calloc(1, sizeof *data);
  if (data == NULL) return -1;
  const char *hash = crypt_rn(phrase, setting, data, sizeof *data);
  int code = hash != NULL && strlen(hash) < size ? 0 : -1;
  if (code == 0) strcpy(output, hash);
  explicit_bzero(data, sizeof *data);
  free(data);
  return code;
}

/// Writes a fresh setting of yescrypt with a random salt; returns 0 when it could be made.
static inline int ccrypt_setting(char *output, int size) {
  return crypt_gensalt_rn("$y$", 0, NULL, 0, output, size) != NULL ? 0 : -1;
}
