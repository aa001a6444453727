// Runs code in a child process whose thread the kernel (Linux, seccomp) lets make no system call
// but its own end: the first other one is caught and named.
#pragma once

#include <functional>

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))
#define CHROMASONIC_GUARDS_SYSTEM_CALLS

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>

namespace chromasonic::tests {

/// What became of guarded code.
struct Guarded {
  bool is_possible = true;  ///< false: this machine does not let a process guard itself
  bool is_done = false;     ///< it ran to its end, said yes, and made no system call
  long system_call = -1;    ///< the number of the one that it made
};

inline volatile long* guard_report = nullptr;

inline void on_system_call(int, siginfo_t* info, void*) {
  *guard_report = info->si_syscall;
  ::syscall(SYS_exit_group, 1);
}

inline bool forbid_system_calls() noexcept {
  struct sigaction action{};
  action.sa_sigaction = on_system_call;
  action.sa_flags = SA_SIGINFO;
  if (::sigaction(SIGSYS, &action, nullptr) != 0) return false;
  const auto number = static_cast<unsigned>(offsetof(struct seccomp_data, nr));
  sock_filter lines[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, number},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_exit_group},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_TRAP},
  };
  const sock_fprog filter{sizeof lines / sizeof lines[0], lines};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/// @param prepare Runs in the child first, unguarded; it may start threads, which stay unguarded.
/// @param action What is guarded; whether all went well.
inline Guarded guarded(const std::function<void()>& prepare, const std::function<bool()>& action) {
  void* const page =
      ::mmap(nullptr, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return {false};
  guard_report = static_cast<volatile long*>(page);
  *guard_report = -1;
  Guarded result;
  const pid_t child = ::fork();
  if (child == 0) {
    prepare();
    if (!forbid_system_calls()) ::_exit(3);
    const bool is_good = action();
    ::syscall(SYS_exit_group, is_good ? 0 : 2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  result.system_call = *guard_report;
  result.is_possible = child > 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 3);
  result.is_done = WIFEXITED(status) && WEXITSTATUS(status) == 0 && result.system_call == -1;
  ::munmap(page, sizeof(long));
  return result;
}

}  // namespace chromasonic::tests

#endif
