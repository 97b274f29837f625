#include "trimtab/simulation/event_queue.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "trimtab/probability/random_stream.h"

namespace trimtab {
namespace {

Event Pop(EventQueue& queue) {
  Event event;
  EXPECT_TRUE(queue.PopUntil(1'000'000'000, &event));
  return event;
}

TEST(EventQueueTest, TiesFallInTheOrderOfPushing) {
  EventQueue queue;
  queue.Push(5, EventKind::kArrive, 1);
  queue.PushOrdered(EventQueue::kSameInstant, 5, EventKind::kReply, 2);
  queue.Push(3, EventKind::kArrive, 3);
  queue.Push(5, EventKind::kArrive, 4);
  std::vector<std::uint32_t> order;
  while (!queue.empty()) order.push_back(Pop(queue).index());
  EXPECT_EQ(order, (std::vector<std::uint32_t>{3, 1, 2, 4}));
}

// Whatever goes through whichever lane, in whatever order: the result is that of a sort.
TEST(EventQueueTest, LanesAndHeapTogetherAreSorted) {
  EventQueue queue;
  RandomStream stream(9, "queue");
  std::vector<std::pair<SimNanos, std::uint32_t>> expected;
  std::vector<std::pair<SimNanos, std::uint32_t>> popped;
  SimNanos now = 0;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const SimNanos time = now + static_cast<SimNanos>(stream.Below(50));
    expected.emplace_back(time, i);
    switch (stream.Below(3)) {
      case 0:
        queue.Push(time, EventKind::kWaitEnd, i);
        break;
      case 1:
        queue.PushOrdered(EventQueue::kSameInstant, time, EventKind::kWaitEnd, i);
        break;
      default:
        queue.PushOrdered(EventQueue::kHop, time, EventKind::kWaitEnd, i);
    }
    if (stream.Below(2) == 0 && !queue.empty()) {
      const Event event = Pop(queue);
      now = event.time;
      popped.emplace_back(event.time, event.index());
    }
  }
  while (!queue.empty()) {
    const Event event = Pop(queue);
    popped.emplace_back(event.time, event.index());
  }
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(popped, expected);
}

TEST(EventQueueTest, LaterEventsStay) {
  EventQueue queue;
  queue.Push(7, EventKind::kArrive, 1);
  Event event;
  EXPECT_FALSE(queue.PopUntil(6, &event));
  EXPECT_TRUE(queue.PopUntil(7, &event));
  EXPECT_FALSE(queue.PopUntil(8, &event));
}

TEST(EventQueueTest, AnEventIsSixteenBytesAndKeepsKindAndIndex) {
  EventQueue queue;
  queue.Push(1, EventKind::kWindowEnd, Event::kIndexMask);
  const Event event = Pop(queue);
  EXPECT_EQ(event.kind(), EventKind::kWindowEnd);
  EXPECT_EQ(event.index(), Event::kIndexMask);
}

}  // namespace
}  // namespace trimtab
