// Loads files through generated ModelT headers: NAME FILE NAME FILE ... Answers one line each:
// "passed ERROR", the self-test's, or "refused WHY". The test writes each_model.hpp: it includes
// the headers and defines EACH_MODEL(TRY) as TRY(NAME) of each.
#include <cstdio>
#include <cstring>
#include <each_model.hpp>
#include <exception>
#include <type_traits>

namespace {

/// Loads it checked; then once more by hand, as a program that keeps the document would.
#define TRY(NAME)                                                                      \
  if (std::strcmp(name, #NAME) == 0) {                                                 \
    namespace net = chromasonic::NAME##_model;                                         \
    static_assert(noexcept(net::step(std::declval<net::Model&>(), nullptr, nullptr))); \
    auto model = net::load_checked(file);                                              \
    std::ifstream stream(file);                                                        \
    const nlohmann::json document = nlohmann::json::parse(stream);                     \
    net::load(*model, document);                                                       \
    std::printf("passed %.9g\n", net::self_test(*model, document));                    \
    return;                                                                            \
  }

void answer(const char* name, const char* file) {
  try {
    EACH_MODEL(TRY)
    std::printf("refused there is no %s\n", name);
  } catch (const std::exception& error) {
    std::printf("refused %s\n", error.what());
  }
}

}  // namespace

int main(int count, char** words) {
  for (int i = 1; i + 1 < count; i += 2) answer(words[i], words[i + 1]);
  return 0;
}
