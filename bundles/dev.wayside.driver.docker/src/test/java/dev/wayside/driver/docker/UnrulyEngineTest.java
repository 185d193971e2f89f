// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.PullPolicy;
import dev.wayside.testing.Eventually;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever the engine says, calls end, in bounded time and memory, with the right kind. */
final class UnrulyEngineTest {
    @TempDir private Path folder;

    private FakeEngine engine;
    private DockerDriver driver;

    private void run(FakeEngine.Handler handler) throws Exception {
        Path socket = folder.resolve("s");
        engine = new FakeEngine(socket, handler);
        driver = new DockerDriver(socket, "gateway-1", Clock.systemUTC());
        driver.start();
    }

    @AfterEach
    void close() throws Exception {
        if (driver != null) {
            driver.stop();
        }
        if (engine != null) {
            engine.close();
        }
    }

    private static DriverException failure(ThrowingCallable call) {
        DriverException thrown = catchThrowableOfType(DriverException.class, call);
        assertThat(thrown).isNotNull();
        return thrown;
    }

    private static void endlessly(SocketChannel channel, String text, AtomicLong written)
            throws java.io.IOException {
        FakeEngine.write(channel, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        String chunk = Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
        while (written.get() < 100_000_000) {
            FakeEngine.write(channel, chunk);
            written.addAndGet(chunk.length());
        }
    }

    @Test
    void anEndlessAnswerIsCut() throws Exception {
        AtomicLong written = new AtomicLong();
        run(
                (line, channel) -> {
                    if (line.contains("/containers/json")) {
                        endlessly(channel, " ".repeat(8000), written);
                    }
                });
        DriverException failure = failure(() -> driver.pods());
        assertThat(failure.kind()).isEqualTo(DriverException.Kind.UNAVAILABLE);
        assertThat(failure).hasMessageContaining("longer than");
        assertThat(written.get()).isLessThan(20_000_000);
    }

    @Test
    void anEndlessLineIsCut() throws Exception {
        run(
                (line, channel) -> {
                    if (line.startsWith("POST")) {
                        endlessly(channel, "x".repeat(8000), new AtomicLong());
                    }
                });
        assertThat(failure(() -> driver.ensureImage("a", PullPolicy.ALWAYS)))
                .hasMessageContaining("longer than");
    }

    @Test
    void anErrorInTheProgressOfAPullIsFound() throws Exception {
        run(
                (line, channel) ->
                        FakeEngine.answer(
                                channel,
                                200,
                                "{\"status\":\"Pulling\"}\r\n{\"errorDetail\":{\"message\":\"no"
                                        + " space\"},\"error\":\"no space\"}\r\n"));
        DriverException failure = failure(() -> driver.ensureImage("a", PullPolicy.ALWAYS));
        assertThat(failure.kind()).isEqualTo(DriverException.Kind.UNAVAILABLE);
        assertThat(failure.reason()).isEqualTo("ErrImagePull");
        assertThat(failure).hasMessageContaining("no space");
    }

    @Test
    void aPullAsksForOneTagOfTheWholeName() throws Exception {
        List<String> asked = new CopyOnWriteArrayList<>();
        run(
                (line, channel) -> {
                    if (line.startsWith("POST")) {
                        asked.add(line);
                    }
                    FakeEngine.answer(channel, 200, "{\"status\":\"Done\"}\n");
                });
        driver.ensureImage("registry.example:5000/team/app", PullPolicy.ALWAYS);
        driver.ensureImage("app:1.2", PullPolicy.ALWAYS);
        driver.ensureImage("app@sha256:" + "0".repeat(64), PullPolicy.ALWAYS);
        assertThat(String.join("\n", asked))
                .contains("fromImage=registry.example%3A5000%2Fteam%2Fapp&tag=latest ")
                .contains("fromImage=app&tag=1.2 ")
                .contains("fromImage=app&tag=sha256%3A000");
    }

    @Test
    void whatIsNotHttpIsNoAnswer() throws Exception {
        run((line, channel) -> FakeEngine.write(channel, "SSH-2.0-OpenSSH\r\n\r\n"));
        assertThat(failure(() -> driver.pods()).kind()).isEqualTo(DriverException.Kind.UNAVAILABLE);
    }

    @Test
    void aClosedConnectionIsNoAnswer() throws Exception {
        run(
                (line, channel) ->
                        FakeEngine.write(
                                channel, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[]"));
        assertThat(failure(() -> driver.pods()))
                .hasMessageContaining("does not answer")
                .hasMessageContaining("closed the connection");
    }

    @Test
    void theEnginesWordsAreToldButNotForEver() throws Exception {
        run(
                (line, channel) ->
                        FakeEngine.answer(
                                channel,
                                500,
                                "{\"message\":\"broken " + "x".repeat(100_000) + "\"}"));
        DriverException failure = failure(() -> driver.pods());
        assertThat(failure).hasMessageContaining("broken");
        assertThat(failure.getMessage()).hasSizeLessThan(1100);
    }

    @Test
    void eventsAreAskedForAgainAfterTheirEnd() throws Exception {
        AtomicInteger opened = new AtomicInteger();
        run(
                (line, channel) -> {
                    if (line.contains("/events")) {
                        opened.incrementAndGet();
                    }
                });
        Eventually.holds("a third try", Duration.ofSeconds(20), () -> opened.get() >= 3);
    }

    @Test
    void noEngineAtAllIsUnavailable() {
        driver = new DockerDriver(folder.resolve("none"), "gateway-1", Clock.systemUTC());
        driver.start();
        DriverException failure = failure(() -> driver.version());
        assertThat(failure.kind()).isEqualTo(DriverException.Kind.UNAVAILABLE);
        assertThat(failure).hasMessageContaining(folder.resolve("none").toString());
    }

    @Test
    void callsUnderWayEndWhenTheDriverStops() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        run(
                (line, channel) -> {
                    if (line.contains("/containers/json")) {
                        asked.countDown();
                        channel.read(ByteBuffer.allocate(1)); // until it is closed
                    }
                });
        DockerDriver stopped = takeDriver();
        CompletableFuture<DriverException> call =
                CompletableFuture.supplyAsync(() -> failure(() -> stopped.pods()));
        assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
        stopped.stop();
        assertThat(call.get(2, TimeUnit.SECONDS).kind())
                .isEqualTo(DriverException.Kind.UNAVAILABLE);
    }

    /** The agent may hold a driver that is being swapped for a moment longer. */
    @Test
    void callsAfterTheEndFailAtOnce() throws Exception {
        run((line, channel) -> FakeEngine.answer(channel, 200, "{}"));
        DockerDriver stopped = takeDriver();
        stopped.stop();
        CompletableFuture<DriverException> call =
                CompletableFuture.supplyAsync(() -> failure(() -> stopped.version()));
        DriverException failure = call.get(2, TimeUnit.SECONDS);
        assertThat(failure.kind()).isEqualTo(DriverException.Kind.UNAVAILABLE);
        assertThat(failure).hasMessageContaining("the driver is stopped");
    }

    /** For a test that stops it itself: it is stopped once. */
    private DockerDriver takeDriver() {
        DockerDriver taken = driver;
        driver = null;
        return taken;
    }
}
