// The loops of primitives_bench.cc in Go: `name nanoseconds` for each.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

func measure(name string, count int, body func(count int)) {
	body(count / 10)
	begin := time.Now()
	body(count)
	fmt.Printf("%s %.1f\n", name, float64(time.Since(begin).Nanoseconds())/float64(count))
}

func messages(count int) {
	channel := make(chan uint64, 128)
	done := make(chan uint64)
	go func() {
		var sum uint64
		for message := range channel {
			sum += message
		}
		done <- sum
	}()
	for i := 0; i < count; i++ {
		channel <- uint64(i)
	}
	close(channel)
	<-done
}

func main() {
	runtime.GOMAXPROCS(1)
	measure("spawn_join", 2_000_000, func(count int) {
		done := make(chan int, 1)
		for i := 0; i < count; i++ {
			go func() { done <- 1 }()
			<-done
		}
	})
	measure("yield", 5_000_000, func(count int) {
		for i := 0; i < count; i++ {
			runtime.Gosched()
		}
	})
	measure("channel/128", 10_000_000, messages)
	measure("mutex", 20_000_000, func(count int) {
		var mutex sync.Mutex
		for i := 0; i < count; i++ {
			mutex.Lock()
			mutex.Unlock()
		}
	})
	measure("timer", 2_000_000, func(count int) {
		for i := 0; i < count; i++ {
			time.AfterFunc(time.Second, func() {}).Stop()
		}
	})
	runtime.GOMAXPROCS(2)
	measure("shared_channel_loops", 5_000_000, messages)
}
