#include "compiler/plan/flows/field_name.h"

namespace zc::plan {
namespace {

using llvm::StringRef;

// What an answer may have of "Hypertext Transfer Protocol (HTTP) Field Name Registry", IANA; obsolete ones
// left out.
constexpr StringRef kAnswerFields[] = {"Accept-CH",
                                       "Accept-Patch",
                                       "Accept-Post",
                                       "Accept-Ranges",
                                       "Access-Control-Allow-Credentials",
                                       "Access-Control-Allow-Headers",
                                       "Access-Control-Allow-Methods",
                                       "Access-Control-Allow-Origin",
                                       "Access-Control-Expose-Headers",
                                       "Access-Control-Max-Age",
                                       "Age",
                                       "Allow",
                                       "Alt-Svc",
                                       "Authentication-Info",
                                       "Cache-Control",
                                       "Cache-Status",
                                       "CDN-Cache-Control",
                                       "Clear-Site-Data",
                                       "Content-Disposition",
                                       "Content-Encoding",
                                       "Content-Language",
                                       "Content-Location",
                                       "Content-Range",
                                       "Content-Security-Policy",
                                       "Content-Security-Policy-Report-Only",
                                       "Content-Type",
                                       "Cross-Origin-Embedder-Policy",
                                       "Cross-Origin-Opener-Policy",
                                       "Cross-Origin-Resource-Policy",
                                       "Date",
                                       "Deprecation",
                                       "ETag",
                                       "Expires",
                                       "Last-Modified",
                                       "Link",
                                       "Location",
                                       "NEL",
                                       "Permissions-Policy",
                                       "Preference-Applied",
                                       "Proxy-Authenticate",
                                       "Proxy-Status",
                                       "RateLimit",
                                       "RateLimit-Policy",
                                       "Referrer-Policy",
                                       "Refresh",
                                       "Reporting-Endpoints",
                                       "Retry-After",
                                       "Server",
                                       "Server-Timing",
                                       "Set-Cookie",
                                       "SourceMap",
                                       "Strict-Transport-Security",
                                       "Sunset",
                                       "Timing-Allow-Origin",
                                       "Vary",
                                       "Via",
                                       "WWW-Authenticate",
                                       "X-Content-Type-Options",
                                       "X-Frame-Options"};

}  // namespace

std::string field_name(StringRef name) {
  for (const StringRef usual : kAnswerFields)
    if (usual.equals_insensitive(name)) return usual.str();
  return name.str();
}

}  // namespace zc::plan
