#include "trimtab/http/curl_library.h"

#include <dlfcn.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace trimtab {
namespace {

constexpr const char* kLibrary = "libcurl.so.4";
// From 7.87 on libcurl sends all its bytes, TLS too, without raising SIGPIPE.
constexpr unsigned kOldest = 0x075700;

template <class Function>
bool Resolve(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

absl::StatusOr<CurlLibrary> Load() {
  void* handle = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return absl::FailedPreconditionError(
        fmt::format("HTTP needs {}, which is not installed (Debian package libcurl4)", kLibrary));
  }
  decltype(&curl_version_info) version_info = nullptr;
  decltype(&curl_global_init) global_init = nullptr;
  CurlLibrary curl;
  const bool complete = Resolve(handle, "curl_version_info", version_info) &&
                        Resolve(handle, "curl_global_init", global_init) &&
                        Resolve(handle, "curl_easy_init", curl.easy_init) &&
                        Resolve(handle, "curl_easy_cleanup", curl.easy_cleanup) &&
                        Resolve(handle, "curl_easy_reset", curl.easy_reset) &&
                        Resolve(handle, "curl_easy_setopt", curl.easy_setopt) &&
                        Resolve(handle, "curl_easy_getinfo", curl.easy_getinfo) &&
                        Resolve(handle, "curl_easy_strerror", curl.easy_strerror) &&
                        Resolve(handle, "curl_multi_init", curl.multi_init) &&
                        Resolve(handle, "curl_multi_cleanup", curl.multi_cleanup) &&
                        Resolve(handle, "curl_multi_add_handle", curl.multi_add_handle) &&
                        Resolve(handle, "curl_multi_remove_handle", curl.multi_remove_handle) &&
                        Resolve(handle, "curl_multi_perform", curl.multi_perform) &&
                        Resolve(handle, "curl_multi_poll", curl.multi_poll) &&
                        Resolve(handle, "curl_multi_wakeup", curl.multi_wakeup) &&
                        Resolve(handle, "curl_multi_info_read", curl.multi_info_read) &&
                        Resolve(handle, "curl_multi_strerror", curl.multi_strerror) &&
                        Resolve(handle, "curl_slist_append", curl.slist_append) &&
                        Resolve(handle, "curl_slist_free_all", curl.slist_free_all);
  if (!complete) {
    return absl::FailedPreconditionError(
        fmt::format("{} lacks a function of its interface: {}", kLibrary, dlerror()));
  }
  const curl_version_info_data* version = version_info(CURLVERSION_NOW);
  if (version->version_num < kOldest) {
    return absl::FailedPreconditionError(
        fmt::format("{} is version {}, must be at least 7.87", kLibrary, version->version));
  }
  if (const CURLcode code = global_init(CURL_GLOBAL_DEFAULT); code != CURLE_OK) {
    return absl::FailedPreconditionError(fmt::format("{}: {}", kLibrary, curl.easy_strerror(code)));
  }
  return curl;
}

}  // namespace

absl::StatusOr<const CurlLibrary*> LoadCurl() {
  static const absl::StatusOr<CurlLibrary> loaded = Load();
  if (!loaded.ok()) return loaded.status();
  return &*loaded;
}

}  // namespace trimtab
