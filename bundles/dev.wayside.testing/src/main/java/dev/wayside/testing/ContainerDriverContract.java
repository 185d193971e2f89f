// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.ExecResult;
import dev.wayside.api.driver.PodReality;
import dev.wayside.api.driver.PullPolicy;
import dev.wayside.api.driver.SandboxRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every {@link ContainerDriver} does, be it real or a fake. A subclass says how to open one;
 * the suite asks it to run {@link TestProgram}s.
 */
public abstract class ContainerDriverContract {
    /** Longer than any healthy step takes, on a slow machine too. */
    protected static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Duration GRACE = Duration.ofSeconds(20);

    /** Two gateways that share the engine under test. */
    protected final String gatewayUid = UUID.randomUUID().toString();

    protected final String neighbourUid = UUID.randomUUID().toString();

    protected ContainerDriver driver;

    private Path readyFolders;
    private final List<ContainerDriver> opened = new ArrayList<>();

    /**
     * Opens a driver on the engine under test, as a newly started gateway would. Drivers opened
     * with one UID, one after another or at once, are the same gateway.
     */
    protected abstract ContainerDriver open(String gatewayUid) throws Exception;

    /** Closes what {@link #open} gave, as a gateway that stops would: the pods stay. */
    protected abstract void close(ContainerDriver driver) throws Exception;

    /** An image that is there and runs {@link TestProgram}s. */
    protected abstract String image();

    /** The Node's pod network; {@code ""} for none. */
    protected String podCidr() {
        return "";
    }

    /**
     * Waits until a program that runs on listens to signals, which it shows by making the file. A
     * fake, in which nothing runs, has nothing to wait for.
     */
    protected void awaitReady(Path file) throws Exception {
        Eventually.holds(file + " is made", PATIENCE, () -> Files.exists(file));
    }

    @BeforeEach
    void openDriver(@TempDir Path folder) throws Exception {
        readyFolders = folder;
        driver = reopen(gatewayUid);
    }

    @AfterEach
    void removeEverything() throws Exception {
        for (String uid : List.of(gatewayUid, neighbourUid)) {
            ContainerDriver cleaner = reopen(uid);
            for (PodReality pod : cleaner.pods()) {
                cleaner.removePod(pod.uid());
            }
        }
        for (ContainerDriver each : opened) {
            close(each);
        }
    }

    /** Opens a driver that is closed when the test ends. */
    protected final ContainerDriver reopen(String uid) throws Exception {
        ContainerDriver fresh = open(uid);
        opened.add(fresh);
        return fresh;
    }

    @Test
    void tellsItsVersion() throws Exception {
        assertThat(driver.version()).matches("[a-z]+://\\S+");
    }

    @Test
    void knowsNothingOfWhatWasNeverMade() throws Exception {
        assertThat(driver.pods()).isEmpty();
        assertThat(driver.pod(newUid())).isEmpty();
    }

    @Test
    void makesASandboxAndFindsItAgain() throws Exception {
        String uid = newUid();
        PodReality made = driver.ensureSandbox(sandbox(uid));

        assertThat(made.uid()).isEqualTo(uid);
        assertThat(made.namespace()).isEqualTo("default");
        assertThat(made.name()).isEqualTo(podName(uid));
        assertThat(made.sandboxRunning()).isTrue();
        assertThat(made.sandboxId()).isNotBlank();
        assertThat(made.ip()).isNotBlank();
        assertThat(made.containers()).isEmpty();
        assertThat(driver.ensureSandbox(sandbox(uid))).isEqualTo(made);
        assertThat(driver.pod(uid)).contains(made);
        assertThat(driver.pods()).containsExactly(made);
    }

    @Test
    void startsAContainer() throws Exception {
        String uid = newPod();
        PodReality.Container started = start(uid, "main", 0, TestProgram.RUNS);

        assertThat(started.id()).matches("[a-z]+://\\S+");
        assertThat(started.name()).isEqualTo("main");
        assertThat(started.attempt()).isZero();
        assertThat(started.specHash()).isEqualTo("hash-1");
        assertThat(started.image()).isEqualTo(image());
        assertThat(started.state()).isEqualTo(PodReality.State.RUNNING);
        assertThat(started.started()).isNotNull();
        assertThat(started.finished()).isNull();
        assertThat(reality(uid).containers()).containsExactly(started);
        assertThat(reality(uid).sandboxRunning()).isTrue();
    }

    @Test
    void startingARunningAttemptAgainDoesNothing() throws Exception {
        String uid = newPod();
        PodReality.Container first = start(uid, "main", 0, TestProgram.RUNS);

        assertThat(start(uid, "main", 0, TestProgram.RUNS)).isEqualTo(first);
        assertThat(reality(uid).containers()).containsExactly(first);
    }

    @Test
    void tellsHowAContainerEnded() throws Exception {
        String uid = newPod();
        start(uid, "good", 0, TestProgram.SUCCEEDS);
        start(uid, "bad", 0, TestProgram.FAILS);

        PodReality.Container good = awaitExit(uid, "good");
        assertThat(good.exitCode()).isZero();
        assertThat(good.reason()).isEqualTo("Completed");
        assertThat(good.started()).isNotNull();
        assertThat(good.finished()).isNotNull();
        assertThat(good.finished()).isAfterOrEqualTo(good.started());
        PodReality.Container bad = awaitExit(uid, "bad");
        assertThat(bad.exitCode()).isEqualTo(3);
        assertThat(bad.reason()).isEqualTo("Error");
    }

    @Test
    void anAttemptRunsOnce() throws Exception {
        String uid = newPod();
        start(uid, "main", 0, TestProgram.FAILS);
        PodReality.Container ended = awaitExit(uid, "main");

        assertThat(start(uid, "main", 0, TestProgram.FAILS)).isEqualTo(ended);
        assertThat(reality(uid).containers()).containsExactly(ended);
    }

    @Test
    void theNextAttemptIsAContainerOfItsOwn() throws Exception {
        String uid = newPod();
        start(uid, "main", 0, TestProgram.FAILS);
        PodReality.Container first = awaitExit(uid, "main");
        PodReality.Container second = start(uid, "main", 1, TestProgram.RUNS);

        assertThat(second.id()).isNotEqualTo(first.id());
        assertThat(second.attempt()).isEqualTo(1);
        assertThat(reality(uid).containers()).containsExactly(first, second);
        assertThat(reality(uid).newest("main")).contains(second);
    }

    @Test
    void containersOfAPodAreToldApart() throws Exception {
        String uid = newPod();
        PodReality.Container one = start(uid, "one", 0, TestProgram.RUNS);
        PodReality.Container two = start(uid, "two", 0, TestProgram.RUNS);
        driver.stopContainer(uid, one.id(), GRACE);

        assertThat(reality(uid).newest("one").orElseThrow().state())
                .isEqualTo(PodReality.State.EXITED);
        assertThat(reality(uid).newest("two")).contains(two);
    }

    @Test
    void stoppingAsksFirst() throws Exception {
        String uid = newPod();
        PodReality.Container running = start(uid, "main", 0, TestProgram.RUNS);
        long before = System.nanoTime();
        driver.stopContainer(uid, running.id(), GRACE);

        PodReality.Container ended = reality(uid).newest("main").orElseThrow();
        assertThat(ended.state()).isEqualTo(PodReality.State.EXITED);
        assertThat(ended.exitCode()).isEqualTo(TestProgram.RUNS.exitCode());
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(GRACE);
    }

    @Test
    void stoppingKillsWhatDoesNotListen() throws Exception {
        String uid = newPod();
        PodReality.Container running = start(uid, "main", 0, TestProgram.STUBBORN);
        driver.stopContainer(uid, running.id(), Duration.ofSeconds(1));

        PodReality.Container ended = reality(uid).newest("main").orElseThrow();
        assertThat(ended.state()).isEqualTo(PodReality.State.EXITED);
        assertThat(ended.exitCode()).isEqualTo(137);
        assertThat(ended.reason()).isEqualTo("Error");
    }

    @Test
    void stoppingTwiceOrWhatIsNotThereIsFine() throws Exception {
        String uid = newPod();
        PodReality.Container running = start(uid, "main", 0, TestProgram.RUNS);
        driver.stopContainer(uid, running.id(), GRACE);
        PodReality.Container ended = reality(uid).newest("main").orElseThrow();
        driver.stopContainer(uid, running.id(), GRACE);
        assertThat(reality(uid).containers()).containsExactly(ended);
        driver.removeContainer(uid, running.id());

        assertThatCode(() -> driver.stopContainer(uid, running.id(), GRACE))
                .doesNotThrowAnyException();
        assertThatCode(() -> driver.stopContainer(newUid(), running.id(), GRACE))
                .doesNotThrowAnyException();
    }

    @Test
    void aRunningContainerIsNotRemoved() throws Exception {
        String uid = newPod();
        PodReality.Container running = start(uid, "main", 0, TestProgram.RUNS);

        DriverException refused = failure(() -> driver.removeContainer(uid, running.id()));
        assertThat(refused.kind()).isEqualTo(DriverException.Kind.REFUSED);
        assertThat(reality(uid).containers()).containsExactly(running);
    }

    @Test
    void anEndedContainerIsRemovedAndStaysSo() throws Exception {
        String uid = newPod();
        PodReality.Container container = start(uid, "main", 0, TestProgram.SUCCEEDS);
        awaitExit(uid, "main");
        driver.removeContainer(uid, container.id());

        assertThat(reality(uid).containers()).isEmpty();
        assertThat(reality(uid).sandboxRunning()).isTrue();
        assertThatCode(() -> driver.removeContainer(uid, container.id()))
                .doesNotThrowAnyException();
    }

    @Test
    void removingAPodLeavesNothingOfItAndTheOthersAlone() throws Exception {
        String uid = newPod();
        start(uid, "ended", 0, TestProgram.SUCCEEDS);
        start(uid, "running", 0, TestProgram.RUNS);
        start(uid, "stubborn", 0, TestProgram.STUBBORN);
        String other = newPod();
        PodReality.Container others = start(other, "main", 0, TestProgram.RUNS);
        driver.removePod(uid);

        assertThat(driver.pod(uid)).isEmpty();
        assertThat(driver.pods()).extracting(PodReality::uid).containsExactly(other);
        assertThat(reality(other).containers()).containsExactly(others);
        assertThatCode(() -> driver.removePod(uid)).doesNotThrowAnyException();
    }

    @Test
    void aPodCanBeMadeAgainAfterItWasRemoved() throws Exception {
        String uid = newPod();
        start(uid, "main", 0, TestProgram.SUCCEEDS);
        driver.removePod(uid);
        driver.ensureSandbox(sandbox(uid));

        assertThat(reality(uid).containers()).isEmpty();
        assertThat(start(uid, "main", 0, TestProgram.RUNS).state())
                .isEqualTo(PodReality.State.RUNNING);
    }

    @Test
    void whatItMadeOutlivesItAndIsFoundAgain() throws Exception {
        String uid = newPod();
        start(uid, "bad", 0, TestProgram.FAILS);
        awaitExit(uid, "bad");
        PodReality.Container running = start(uid, "main", 0, TestProgram.RUNS);
        PodReality before = reality(uid);
        close(driver);
        opened.remove(driver);
        driver = reopen(gatewayUid);

        assertThat(reality(uid)).isEqualTo(before);
        assertThat(driver.ensureSandbox(sandbox(uid))).isEqualTo(before);
        assertThat(start(uid, "main", 0, TestProgram.RUNS)).isEqualTo(running);
        driver.stopContainer(uid, running.id(), GRACE);
        assertThat(reality(uid).newest("main").orElseThrow().exitCode()).isZero();
    }

    @Test
    void endsWhileNobodyLooksAreKnownLater() throws Exception {
        String uid = newPod();
        start(uid, "bad", 0, TestProgram.FAILS);
        close(driver);
        opened.remove(driver);
        driver = reopen(gatewayUid);

        assertThat(awaitExit(uid, "bad").exitCode()).isEqualTo(3);
    }

    @Test
    void aNeighbourSeesAndTouchesNothing() throws Exception {
        String uid = newPod();
        PodReality.Container running = start(uid, "main", 0, TestProgram.RUNS);
        ContainerDriver neighbour = reopen(neighbourUid);

        assertThat(neighbour.pods()).isEmpty();
        assertThat(neighbour.pod(uid)).isEmpty();
        neighbour.stopContainer(uid, running.id(), Duration.ofSeconds(1));
        neighbour.removeContainer(uid, running.id());
        neighbour.removePod(uid);
        assertThat(reality(uid).sandboxRunning()).isTrue();
        assertThat(reality(uid).containers()).containsExactly(running);
    }

    @Test
    void anImageThatIsThereIsEnoughUnlessItIsPulledAlways() {
        assertThatCode(() -> driver.ensureImage(image(), PullPolicy.IF_NOT_PRESENT))
                .doesNotThrowAnyException();
        assertThatCode(() -> driver.ensureImage(image(), PullPolicy.NEVER))
                .doesNotThrowAnyException();
    }

    @Test
    void anImageThatIsNotThereAndNeverPulledIsRefused() {
        DriverException refused =
                failure(() -> driver.ensureImage("example.invalid/none:1", PullPolicy.NEVER));
        assertThat(refused.kind()).isEqualTo(DriverException.Kind.REFUSED);
        assertThat(refused.reason()).isIn("ErrImageNeverPull", "ErrImageNotSupported");
    }

    @Test
    void aNameThatIsNoImageIsRefused() {
        DriverException refused =
                failure(() -> driver.ensureImage("No Image/At:all:", PullPolicy.IF_NOT_PRESENT));
        assertThat(refused.kind()).isEqualTo(DriverException.Kind.REFUSED);
        assertThat(refused.reason()).isIn("InvalidImageName", "ErrImageNotSupported");
    }

    @Test
    void aCommandThatIsNotThereIsRefused() throws Exception {
        String uid = newPod();
        DriverException refused = failure(() -> start(uid, "main", 0, TestProgram.ABSENT));

        assertThat(refused.kind()).isEqualTo(DriverException.Kind.REFUSED);
        assertThat(refused.reason()).isIn("CreateContainerError", "RunContainerError");
        Optional<PodReality.Container> left = reality(uid).newest("main");
        assertThat(left.map(PodReality.Container::state)).isNotEqualTo(PodReality.State.RUNNING);
        // The next attempt is not in the way of what is left.
        assertThat(start(uid, "main", 1, TestProgram.RUNS).state())
                .isEqualTo(PodReality.State.RUNNING);
    }

    @Test
    void hintsWhenAContainerEnds() throws Exception {
        Set<String> hinted = ConcurrentHashMap.newKeySet();
        try (ContainerDriver.Subscription watch = driver.watch(hinted::add)) {
            String uid = newPod();
            start(uid, "main", 0, TestProgram.FAILS);
            awaitExit(uid, "main");
            Eventually.holds("a hint for " + uid, PATIENCE, () -> hinted.contains(uid));
            watch.close();
        }
        assertThat(driver.pods()).hasSize(1);
    }

    @Test
    void aCommandIsNothingToHintAt() throws Exception {
        Set<String> hinted = ConcurrentHashMap.newKeySet();
        try (ContainerDriver.Subscription watch = driver.watch(hinted::add)) {
            assertThat(watch).isNotNull();
            String uid = newPod();
            PodReality.Container main = start(uid, "main", 0, TestProgram.RUNS);
            awaitHintOfANewPod(hinted);
            hinted.clear();
            exec(uid, main, TestCommand.SUCCEEDS);
            exec(uid, main, TestCommand.FAILS);
            awaitHintOfANewPod(hinted);
            assertThat(hinted).doesNotContain(uid);
        }
    }

    /** Hints come in their order: what was to come before it has come. */
    private void awaitHintOfANewPod(Set<String> hinted) throws Exception {
        String uid = newPod();
        start(uid, "main", 0, TestProgram.FAILS);
        awaitExit(uid, "main");
        Eventually.holds("a hint for " + uid, PATIENCE, () -> hinted.contains(uid));
    }

    @Test
    void aClosedWatchIsSilent() throws Exception {
        Set<String> closed = ConcurrentHashMap.newKeySet();
        Set<String> open = ConcurrentHashMap.newKeySet();
        driver.watch(closed::add).close();
        try (ContainerDriver.Subscription watch = driver.watch(open::add)) {
            assertThat(watch).isNotNull();
            String uid = newPod();
            start(uid, "main", 0, TestProgram.FAILS);
            Eventually.holds("a hint for " + uid, PATIENCE, () -> open.contains(uid));
        }
        assertThat(closed).isEmpty();
    }

    @Test
    void worksOnSeveralPodsAtOnce() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(3);
        try {
            List<Future<String>> pods = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                pods.add(
                        pool.submit(
                                () -> {
                                    String uid = newPod();
                                    start(uid, "main", 0, TestProgram.RUNS);
                                    return uid;
                                }));
            }
            for (Future<String> pod : pods) {
                assertThat(reality(pod.get()).newest("main").orElseThrow().state())
                        .isEqualTo(PodReality.State.RUNNING);
            }
            assertThat(driver.pods()).hasSize(3);
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void runsACommandInARunningContainerAndTellsHowItEnded() throws Exception {
        String uid = newPod();
        PodReality.Container main = start(uid, "main", 0, TestProgram.RUNS);

        assertThat(exec(uid, main, TestCommand.SUCCEEDS))
                .isEqualTo(new ExecResult(false, 0, "fine\n"));
        assertThat(exec(uid, main, TestCommand.FAILS))
                .isEqualTo(new ExecResult(false, 4, "broken\n"));
        ExecResult absent = exec(uid, main, TestCommand.ABSENT);
        assertThat(absent.timedOut()).isFalse();
        assertThat(absent.exitCode()).isIn(126, 127);
        assertThat(reality(uid).containers()).containsExactly(main);
    }

    @Test
    void aCommandHasTheContainersEnvironment() throws Exception {
        String uid = newPod();
        ContainerRequest plain = request(uid, "main", 0, TestProgram.RUNS);
        PodReality.Container main =
                driver.startContainer(
                        request(
                                uid,
                                "main",
                                0,
                                plain.command(),
                                Map.of(TestCommand.VARIABLE, "it's $HOME\\n\"ü\""),
                                plain.mounts()));
        awaitReady(readyFolder(uid, "main", 0).resolve(TestProgram.READY_FILE));

        assertThat(exec(uid, main, TestCommand.TELLS_ENVIRONMENT).output())
                .isEqualTo("it's $HOME\\n\"ü\"\n");
    }

    @Test
    void whatACommandSaysIsCutAndTheRestReadAway() throws Exception {
        String uid = newPod();
        PodReality.Container main = start(uid, "main", 0, TestProgram.RUNS);
        ExecResult talked = exec(uid, main, TestCommand.TALKS);

        assertThat(talked.good()).isTrue();
        assertThat(talked.output()).hasSize(ExecResult.MOST_OUTPUT).startsWith("0123456789\n0123");
    }

    @Test
    void aCommandThatHangsIsKilledWithItsChildren() throws Exception {
        String uid = newPod();
        PodReality.Container main = start(uid, "main", 0, TestProgram.RUNS);
        long before = System.nanoTime();
        ExecResult result =
                driver.exec(uid, main.id(), TestCommand.HANGS.command(), Duration.ofSeconds(1));

        assertThat(result.timedOut()).isTrue();
        assertThat(result.good()).isFalse();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(PATIENCE);
        Eventually.holds(
                "nothing of the command is left", PATIENCE, () -> processes("sleep 3613") == 0);
        assertThat(exec(uid, main, TestCommand.SUCCEEDS).good()).isTrue();
        assertThat(reality(uid).containers()).containsExactly(main);
    }

    /** How many processes of the machine have these arguments; a fake has none. */
    private static long processes(String arguments) {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").endsWith(arguments))
                .count();
    }

    @Test
    void commandsRunSideBySideAlsoInAContainerThatIsBeingStopped() throws Exception {
        String uid = newPod();
        PodReality.Container main = start(uid, "main", 0, TestProgram.STUBBORN);
        ExecutorService pool = Executors.newFixedThreadPool(3);
        try {
            Future<?> stop =
                    pool.submit(
                            () -> {
                                driver.stopContainer(uid, main.id(), Duration.ofSeconds(4));
                                return null;
                            });
            Future<ExecResult> one = pool.submit(() -> exec(uid, main, TestCommand.SUCCEEDS));
            Future<ExecResult> other = pool.submit(() -> exec(uid, main, TestCommand.FAILS));
            assertThat(one.get().exitCode()).isZero();
            assertThat(other.get().exitCode()).isEqualTo(4);
            stop.get();
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void nothingIsRunInWhatDoesNotRunOrIsANeighbours() throws Exception {
        String uid = newPod();
        start(uid, "main", 0, TestProgram.FAILS);
        PodReality.Container ended = awaitExit(uid, "main");
        PodReality.Container running = start(uid, "other", 0, TestProgram.RUNS);

        assertThat(failure(() -> exec(uid, ended, TestCommand.SUCCEEDS)).kind())
                .isEqualTo(DriverException.Kind.GONE);
        assertThat(failure(() -> exec(newUid(), running, TestCommand.SUCCEEDS)).kind())
                .isEqualTo(DriverException.Kind.GONE);
        ContainerDriver neighbour = reopen(neighbourUid);
        assertThat(
                        failure(
                                        () ->
                                                neighbour.exec(
                                                        uid,
                                                        running.id(),
                                                        TestCommand.SUCCEEDS.command(),
                                                        PATIENCE))
                                .kind())
                .isEqualTo(DriverException.Kind.GONE);
    }

    @Test
    void aDriverThatComesAnewRunsCommandsInWhatItFinds() throws Exception {
        String uid = newPod();
        ContainerRequest plain = request(uid, "main", 0, TestProgram.RUNS);
        PodReality.Container main =
                driver.startContainer(
                        request(
                                uid,
                                "main",
                                0,
                                plain.command(),
                                Map.of(TestCommand.VARIABLE, "kept"),
                                plain.mounts()));
        awaitReady(readyFolder(uid, "main", 0).resolve(TestProgram.READY_FILE));
        close(driver);
        opened.remove(driver);
        driver = reopen(gatewayUid);

        assertThat(exec(uid, main, TestCommand.TELLS_ENVIRONMENT).output()).isEqualTo("kept\n");
    }

    // What subclasses' own tests use too.

    protected final ExecResult exec(String uid, PodReality.Container container, TestCommand command)
            throws DriverException {
        return driver.exec(uid, container.id(), command.command(), PATIENCE);
    }

    protected static String newUid() {
        return UUID.randomUUID().toString();
    }

    protected static String podName(String uid) {
        return "web-" + uid.substring(0, 5);
    }

    protected final SandboxRequest sandbox(String uid) {
        return new SandboxRequest(
                uid, "default", podName(uid), podCidr(), false, podName(uid), List.of());
    }

    /** A pod with its sandbox and no container. */
    protected final String newPod() throws DriverException {
        String uid = newUid();
        driver.ensureSandbox(sandbox(uid));
        return uid;
    }

    protected final ContainerRequest request(
            String uid, String container, int attempt, TestProgram program) {
        List<ContainerRequest.Mount> mounts =
                program.runsOn()
                        ? List.of(
                                new ContainerRequest.Mount(
                                        readyFolder(uid, container, attempt),
                                        TestProgram.READY_FOLDER,
                                        false))
                        : List.of();
        return request(uid, container, attempt, program.command(), Map.of(), mounts);
    }

    protected final ContainerRequest request(
            String uid,
            String container,
            int attempt,
            List<String> command,
            Map<String, String> env,
            List<ContainerRequest.Mount> mounts) {
        return new ContainerRequest(
                uid,
                "default",
                podName(uid),
                container,
                attempt,
                image(),
                command,
                List.of(),
                env,
                "",
                mounts,
                0,
                0,
                0,
                "",
                false,
                false,
                false,
                false,
                "hash-1");
    }

    protected final PodReality.Container start(
            String uid, String container, int attempt, TestProgram program) throws Exception {
        PodReality.Container started =
                driver.startContainer(request(uid, container, attempt, program));
        if (program.runsOn()) {
            awaitReady(readyFolder(uid, container, attempt).resolve(TestProgram.READY_FILE));
        }
        return started;
    }

    private Path readyFolder(String uid, String container, int attempt) {
        Path folder = readyFolders.resolve(uid + "_" + container + "_" + attempt);
        try {
            return Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    protected final PodReality reality(String uid) throws DriverException {
        return driver.pod(uid).orElseThrow(() -> new AssertionError("no pod " + uid));
    }

    protected final PodReality.Container awaitExit(String uid, String container) throws Exception {
        Eventually.holds(
                container + " has ended",
                PATIENCE,
                () ->
                        reality(uid).newest(container).orElseThrow().state()
                                == PodReality.State.EXITED);
        return reality(uid).newest(container).orElseThrow();
    }

    protected static DriverException failure(ThrowingCallable call) {
        DriverException thrown = catchThrowableOfType(DriverException.class, call);
        assertThat(thrown).isNotNull();
        return thrown;
    }
}
