// The loops of primitives_bench.cc with tokio: `name nanoseconds` for each.
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, Mutex, Semaphore};
use tokio::time::Sleep;

macro_rules! measure {
    ($name:expr, $count:expr, $body:expr) => {{
        let body = $body;
        body($count / 10).await;
        let begin = Instant::now();
        body($count).await;
        println!("{} {:.1}", $name, begin.elapsed().as_nanos() as f64 / $count as f64);
    }};
}

// Registers the timer, and gives up at once.
struct PollOnce<'a>(Pin<&'a mut Sleep>);

impl Future for PollOnce<'_> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let _ = self.0.as_mut().poll(context);
        Poll::Ready(())
    }
}

async fn messages(count: u64, capacity: usize) {
    let (sender, mut receiver) = mpsc::channel::<u64>(capacity);
    let receiving = tokio::spawn(async move {
        let mut sum = 0u64;
        while let Some(message) = receiver.recv().await {
            sum += message;
        }
        sum
    });
    for i in 0..count {
        sender.send(i).await.unwrap();
    }
    drop(sender);
    receiving.await.unwrap();
}

async fn one_thread() {
    measure!("spawn_join", 2_000_000u64, |count| async move {
        for _ in 0..count {
            tokio::spawn(async { 1 }).await.unwrap();
        }
    });
    measure!("yield", 5_000_000u64, |count| async move {
        for _ in 0..count {
            tokio::task::yield_now().await;
        }
    });
    measure!("channel/128", 5_000_000u64, |count| messages(count, 128));
    measure!("oneshot", 5_000_000u64, |count| async move {
        for _ in 0..count {
            let (sender, receiver) = oneshot::channel::<i32>();
            sender.send(1).unwrap();
            receiver.await.unwrap();
        }
    });
    measure!("mutex", 10_000_000u64, |count| async move {
        let mutex = Mutex::new(0u64);
        for _ in 0..count {
            *mutex.lock().await += 1;
        }
    });
    measure!("semaphore", 10_000_000u64, |count| async move {
        let semaphore = Semaphore::new(2);
        for _ in 0..count {
            let _permit = semaphore.acquire().await.unwrap();
        }
    });
    measure!("timer", 2_000_000u64, |count| async move {
        for _ in 0..count {
            let sleep = tokio::time::sleep(Duration::from_secs(1));
            tokio::pin!(sleep);
            PollOnce(sleep.as_mut()).await;
        }
    });
}

fn main() {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(one_thread());
    let two = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    two.block_on(async {
        tokio::spawn(async { measure!("shared_channel_loops", 5_000_000u64, |count| messages(count, 1024)) })
            .await
            .unwrap()
    });
}
