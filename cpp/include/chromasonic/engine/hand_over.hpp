// Hands things from a loading thread to the audio thread and back, without a lock.
#pragma once

#include <atomic>
#include <chromasonic/engine/realtime.hpp>
#include <memory>

namespace chromasonic {

/// A mailbox with room for one thing, and a shelf for what the audio thread no longer needs.
///
/// `T` has a member `T* next`, which belongs to the shelf. There is one audio thread at a time and
/// one loading thread at a time (loaders share a mutex of their own).
///
/// Memory order. Whoever gets a thing must see everything that the giver wrote into it: each giving
/// is a release, each taking an acquire, on the same atomic. Nothing else is shared. Each side
/// takes by an exchange, so a thing has exactly one owner at any time, and no thread ever waits for
/// the other or tries again: all four operations are wait-free.
template <class T>
class HandOver {
  static_assert(std::atomic<T*>::is_always_lock_free, "the audio thread would wait for a lock");

 public:
  HandOver() = default;
  HandOver(const HandOver&) = delete;
  HandOver& operator=(const HandOver&) = delete;

  /// Neither thread may be at it any more.
  ~HandOver() {
    take_back();
    collect();
  }

  /// Loading thread: what was published and the audio thread has not taken; else nullptr.
  std::unique_ptr<T> take_back() noexcept {
    return std::unique_ptr<T>(mailbox_.exchange(nullptr, std::memory_order_acquire));
  }

  /// Loading thread: puts a thing into the mailbox. What still lies there, which `take_back` would
  /// have given, is freed.
  void publish(std::unique_ptr<T> thing) noexcept {
    delete mailbox_.exchange(thing.release(), std::memory_order_acq_rel);
  }

  /// Loading thread: frees everything on the shelf.
  void collect() noexcept {
    T* thing = shelf_.exchange(nullptr, std::memory_order_acquire);
    while (thing != nullptr) {
      T* const next = thing->next;
      delete thing;
      thing = next;
    }
  }

  /// Audio thread: what lies in the mailbox, else nullptr. Whoever gets it puts it aside later.
  T* receive() noexcept CHROMASONIC_NONBLOCKING {
    // A look without an exchange: it leaves the cache line shared. Should it miss what is just
    // being published, the next call sees it.
    if (mailbox_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    return mailbox_.exchange(nullptr, std::memory_order_acquire);
  }

  /// Audio thread: puts a thing on the shelf, for the loading thread to free.
  void put_aside(T* thing) noexcept CHROMASONIC_NONBLOCKING {
    // Only the audio thread puts things here, so between these two lines the shelf stays empty:
    // a `collect` in between finds nothing and the next one finds everything. What the exchange
    // takes off was put there by this same thread, so it needs no acquire.
    thing->next = shelf_.exchange(nullptr, std::memory_order_relaxed);
    shelf_.store(thing, std::memory_order_release);
  }

 private:
  std::atomic<T*> mailbox_{nullptr};
  std::atomic<T*> shelf_{nullptr};
};

}  // namespace chromasonic
