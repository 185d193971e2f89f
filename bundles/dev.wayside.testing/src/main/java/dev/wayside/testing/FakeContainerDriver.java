// SPDX-License-Identifier: Apache-2.0
package dev.wayside.testing;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.ExecResult;
import dev.wayside.api.driver.PodReality;
import dev.wayside.api.driver.PullPolicy;
import dev.wayside.api.driver.SandboxRequest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Containers in memory. They live in the {@link Engine}, which outlives the driver as a real engine
 * would: make a second driver on the same engine to play a restart.
 *
 * <p>A container whose command is a {@link TestProgram}'s behaves like it. Any other runs until a
 * test ends it; asked to stop it ends with 143, unless the test made it stubborn: then it is killed
 * (137) when the grace period is over.
 */
public final class FakeContainerDriver implements ContainerDriver {
    /** What a driver was asked, for instance {@code startContainer web#0}. */
    public interface Hook {
        /**
         * @param effective false before the call does anything, true after it did
         */
        void call(String call, boolean effective) throws DriverException;
    }

    private static final Pattern IMAGE = Pattern.compile("[a-z0-9][a-zA-Z0-9._:/@-]*[a-zA-Z0-9]");

    private final Engine engine;
    private final String name;
    private final String gatewayUid;

    public FakeContainerDriver(Engine engine) {
        this(engine, "fake", "gateway-1");
    }

    public FakeContainerDriver(Engine engine, String name, String gatewayUid) {
        this.engine = engine;
        this.name = name;
        this.gatewayUid = gatewayUid;
    }

    /** The machine that holds the containers. */
    public static final class Engine {
        private final Clock clock;
        private final Map<String, Pod> pods = new TreeMap<>();
        private final List<Consumer<String>> listeners = new CopyOnWriteArrayList<>();
        private final Map<String, DriverException> imageFailures = new LinkedHashMap<>();
        private final Map<String, DriverException> startFailures = new LinkedHashMap<>();
        private final Set<String> images = new HashSet<>();
        private final Set<String> stubborn = new HashSet<>();
        private final List<String> starts = new ArrayList<>();
        private final List<String> calls = new ArrayList<>();
        private final List<ContainerRequest> requests = new ArrayList<>();
        private Hook hook = (call, effective) -> {};
        private boolean down;
        private int addresses = 1;
        private int ids = 1;
        private int sandboxes = 1;
        private final Map<String, ExecResult> execs = new LinkedHashMap<>();

        public Engine(Clock clock) {
            this.clock = clock;
        }

        /** Runs around each call; may throw a DriverException, or an Error to play a crash. */
        public synchronized void hook(Hook newHook) {
            hook = newHook;
        }

        /** From now on nothing answers, or everything does. */
        public synchronized void down(boolean isDown) {
            down = isDown;
        }

        /** The image is there without being pulled. */
        public synchronized void image(String image) {
            images.add(image);
        }

        /** The image cannot be had; null makes it available again. */
        public synchronized void failImage(String image, @Nullable DriverException failure) {
            set(imageFailures, image, failure);
        }

        /** The container cannot be started; null makes it startable again. */
        public synchronized void failStart(String container, @Nullable DriverException failure) {
            set(startFailures, container, failure);
        }

        private static void set(
                Map<String, DriverException> failures,
                String key,
                @Nullable DriverException failure) {
            if (failure == null) {
                failures.remove(key);
            } else {
                failures.put(key, failure);
            }
        }

        /** Containers of that name do not end when asked to. */
        public synchronized void stubborn(String container) {
            stubborn.add(container);
        }

        /** What commands run in containers of that name end with; by default they succeed. */
        public synchronized void onExec(String container, ExecResult result) {
            execs.put(container, result);
        }

        /** Ends the newest attempt. */
        public void exit(String podUid, String container, int exitCode) {
            synchronized (this) {
                Pod pod = pods.get(podUid);
                if (pod == null) {
                    throw new IllegalStateException("no pod " + podUid);
                }
                pod.running(container).orElseThrow().end(exitCode, clock.instant());
                notifyAll();
            }
            hint(podUid);
        }

        /** Takes every attempt of the container away behind everyone's back. */
        public synchronized void vanish(String podUid, String container) {
            Pod pod = pods.get(podUid);
            if (pod != null) {
                pod.containers.removeIf(made -> made.request.name().equals(container));
            }
        }

        /** As after a power cut: nothing runs, all that was made is still there. */
        public synchronized void reboot() {
            for (Pod pod : pods.values()) {
                pod.sandboxRunning = false;
                pod.ip = "";
                for (Made made : pod.containers) {
                    if (made.state == PodReality.State.RUNNING) {
                        made.end(137, clock.instant());
                    }
                }
            }
        }

        /** Only the shared surroundings end. */
        public synchronized void loseSandbox(String podUid) {
            Pod pod = pods.get(podUid);
            if (pod != null) {
                pod.sandboxRunning = false;
                pod.ip = "";
            }
        }

        /** Each real start as {@code podUid/container#attempt}, oldest first. */
        public synchronized List<String> starts() {
            return List.copyOf(starts);
        }

        /** Everything that was asked, oldest first, reads excepted. */
        public synchronized List<String> calls() {
            return List.copyOf(calls);
        }

        /** The requests that made containers, oldest first. */
        public synchronized List<ContainerRequest> requests() {
            return List.copyOf(requests);
        }

        /** What exists, without asking a driver. */
        public synchronized List<PodReality> snapshot() {
            return pods.values().stream().map(Pod::reality).toList();
        }

        private synchronized String newId(String scheme) {
            return scheme + "://" + String.format("%08x", ids++);
        }

        private void hint(String podUid) {
            listeners.forEach(listener -> listener.accept(podUid));
        }
    }

    private static final class Made {
        final String id;
        final ContainerRequest request;
        PodReality.State state = PodReality.State.CREATED;
        @Nullable Instant started;
        @Nullable Instant finished;
        int exitCode;

        Made(String id, ContainerRequest request) {
            this.id = id;
            this.request = request;
        }

        void end(int code, Instant now) {
            state = PodReality.State.EXITED;
            finished = now;
            exitCode = code;
        }

        PodReality.Container reality() {
            return new PodReality.Container(
                    id,
                    request.name(),
                    request.attempt(),
                    request.specHash(),
                    request.image(),
                    "sha256:" + Integer.toHexString(request.image().hashCode()),
                    state,
                    started,
                    finished,
                    exitCode,
                    state != PodReality.State.EXITED ? "" : exitCode == 0 ? "Completed" : "Error");
        }
    }

    private static final class Pod {
        final String gatewayUid;
        final String uid;
        final String namespace;
        final String name;
        boolean sandboxRunning;
        int sandbox;
        String ip = "";
        final List<Made> containers = new ArrayList<>();

        Pod(String gatewayUid, String uid, String namespace, String name) {
            this.gatewayUid = gatewayUid;
            this.uid = uid;
            this.namespace = namespace;
            this.name = name;
        }

        Optional<Made> running(String container) {
            return containers.stream()
                    .filter(made -> made.request.name().equals(container))
                    .filter(made -> made.state == PodReality.State.RUNNING)
                    .findFirst();
        }

        Optional<Made> byId(String id) {
            return containers.stream().filter(made -> made.id.equals(id)).findFirst();
        }

        PodReality reality() {
            return new PodReality(
                    uid,
                    namespace,
                    name,
                    sandboxRunning,
                    sandboxRunning ? "sandbox-" + sandbox : "",
                    ip,
                    containers.stream()
                            .sorted(Comparator.comparingInt(made -> made.request.attempt()))
                            .map(Made::reality)
                            .toList());
        }
    }

    @Override
    public String version() throws DriverException {
        before("version");
        return name + "://1.0";
    }

    @Override
    public List<PodReality> pods() throws DriverException {
        before("pods");
        synchronized (engine) {
            return engine.pods.values().stream().filter(this::ours).map(Pod::reality).toList();
        }
    }

    private boolean ours(Pod pod) {
        return pod.gatewayUid.equals(gatewayUid);
    }

    private @Nullable Pod find(String podUid) {
        Pod pod = engine.pods.get(podUid);
        return pod != null && ours(pod) ? pod : null;
    }

    @Override
    public Optional<PodReality> pod(String podUid) throws DriverException {
        before("pod");
        synchronized (engine) {
            return Optional.ofNullable(find(podUid)).map(Pod::reality);
        }
    }

    @Override
    public void ensureImage(String image, PullPolicy policy) throws DriverException {
        String call = "ensureImage " + image + " " + policy;
        before(call);
        synchronized (engine) {
            DriverException failure = engine.imageFailures.get(image);
            if (failure != null) {
                throw failure;
            }
            if (!IMAGE.matcher(image).matches()) {
                throw refused("InvalidImageName", "no image can have the name " + image);
            }
            if (policy == PullPolicy.NEVER && !engine.images.contains(image)) {
                throw refused("ErrImageNeverPull", image + " is not present");
            }
            engine.images.add(image);
        }
        after(call);
    }

    private static DriverException refused(String reason, String message) {
        return new DriverException(DriverException.Kind.REFUSED, reason, message, null);
    }

    @Override
    public PodReality ensureSandbox(SandboxRequest request) throws DriverException {
        String call = "ensureSandbox " + request.name();
        before(call);
        PodReality made;
        synchronized (engine) {
            Pod pod =
                    engine.pods.computeIfAbsent(
                            request.podUid(),
                            uid -> new Pod(gatewayUid, uid, request.namespace(), request.name()));
            if (!pod.sandboxRunning) {
                pod.sandboxRunning = true;
                pod.sandbox = engine.sandboxes++;
                pod.ip = request.hostNetwork() ? "" : "10.244.0." + engine.addresses++;
            }
            made = pod.reality();
        }
        after(call);
        return made;
    }

    @Override
    public PodReality.Container startContainer(ContainerRequest request) throws DriverException {
        String label = request.name() + "#" + request.attempt();
        before("startContainer " + label);
        PodReality.Container result;
        synchronized (engine) {
            DriverException failure = engine.startFailures.get(request.name());
            if (failure != null) {
                throw failure;
            }
            Pod pod = find(request.podUid());
            if (pod == null || !pod.sandboxRunning) {
                throw new DriverException(
                        DriverException.Kind.UNAVAILABLE,
                        "RunContainerError",
                        "pod " + request.podName() + " has no running sandbox",
                        null);
            }
            Made made =
                    pod.containers.stream()
                            .filter(one -> one.request.name().equals(request.name()))
                            .filter(one -> one.request.attempt() == request.attempt())
                            .findFirst()
                            .orElse(null);
            if (made == null) {
                made = new Made(engine.newId(name), request);
                pod.containers.add(made);
                engine.requests.add(request);
            }
            if (program(request).equals(Optional.of(TestProgram.ABSENT))) {
                throw refused("RunContainerError", "no such program");
            }
            if (made.state == PodReality.State.CREATED) {
                made.state = PodReality.State.RUNNING;
                made.started = engine.clock.instant();
                engine.starts.add(request.podUid() + "/" + label);
                if (endsAtOnce(request)) {
                    made.end(program(request).orElseThrow().exitCode(), engine.clock.instant());
                }
            }
            result = made.reality();
        }
        engine.hint(request.podUid());
        after("startContainer " + label);
        return result;
    }

    private static Optional<TestProgram> program(ContainerRequest request) {
        return TestProgram.of(request.command());
    }

    private static boolean endsAtOnce(ContainerRequest request) {
        return program(request)
                .filter(of -> of == TestProgram.SUCCEEDS || of == TestProgram.FAILS)
                .isPresent();
    }

    @Override
    public void stopContainer(String podUid, String containerId, Duration grace)
            throws DriverException {
        before("stopContainer " + containerId + " " + grace.toSeconds() + "s");
        synchronized (engine) {
            Pod pod = find(podUid);
            Made made = pod == null ? null : pod.byId(containerId).orElse(null);
            if (made == null || made.state != PodReality.State.RUNNING) {
                return;
            }
            if (engine.stubborn.contains(made.request.name())
                    || program(made.request).equals(Optional.of(TestProgram.STUBBORN))) {
                outlast(made, grace);
                if (made.state == PodReality.State.RUNNING) {
                    made.end(137, engine.clock.instant());
                    engine.notifyAll();
                }
            } else {
                made.end(
                        program(made.request).map(TestProgram::exitCode).orElse(143),
                        engine.clock.instant());
            }
        }
        engine.hint(podUid);
        after("stopContainer " + containerId);
    }

    private void outlast(Made made, Duration grace) throws DriverException {
        long deadline = System.nanoTime() + grace.toNanos();
        try {
            long left = deadline - System.nanoTime();
            while (made.state == PodReality.State.RUNNING && left > 0) {
                engine.wait(left / 1_000_000 + 1);
                left = deadline - System.nanoTime();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DriverException(
                    DriverException.Kind.UNAVAILABLE, "Interrupted", "stopping was broken off", e);
        }
    }

    @Override
    public ExecResult exec(
            String podUid, String containerId, List<String> command, Duration timeout)
            throws DriverException {
        String call = "exec " + containerId + " " + String.join(" ", command);
        before(call);
        ExecResult result;
        synchronized (engine) {
            Pod pod = find(podUid);
            Made made = pod == null ? null : pod.byId(containerId).orElse(null);
            if (made == null || made.state != PodReality.State.RUNNING) {
                throw new DriverException(
                        DriverException.Kind.GONE,
                        "ContainerNotRunning",
                        "container " + containerId + " does not run",
                        null);
            }
            ExecResult known = engine.execs.get(made.request.name());
            result =
                    TestCommand.of(command)
                            .map(it -> it.played(made.request))
                            .orElse(known == null ? new ExecResult(false, 0, "") : known);
        }
        after(call);
        return result;
    }

    @Override
    public void removeContainer(String podUid, String containerId) throws DriverException {
        before("removeContainer " + containerId);
        synchronized (engine) {
            Pod pod = find(podUid);
            Made made = pod == null ? null : pod.byId(containerId).orElse(null);
            if (pod != null && made != null) {
                if (made.state == PodReality.State.RUNNING) {
                    throw refused(
                            "ContainerRunning",
                            "container " + containerId + " runs: stop it first");
                }
                pod.containers.remove(made);
            }
        }
        after("removeContainer " + containerId);
    }

    @Override
    public void removePod(String podUid) throws DriverException {
        before("removePod " + podUid);
        synchronized (engine) {
            if (find(podUid) != null) {
                engine.pods.remove(podUid);
            }
        }
        engine.hint(podUid);
        after("removePod " + podUid);
    }

    @Override
    public Subscription watch(Consumer<String> podUid) {
        engine.listeners.add(podUid);
        return () -> engine.listeners.remove(podUid);
    }

    private void before(String call) throws DriverException {
        Hook hook;
        synchronized (engine) {
            if (engine.down) {
                throw new DriverException(
                        DriverException.Kind.UNAVAILABLE,
                        "RuntimeDown",
                        "the engine does not answer",
                        null);
            }
            if (call.contains(" ")) {
                engine.calls.add(call);
            }
            hook = engine.hook;
        }
        hook.call(call, false);
    }

    private void after(String call) throws DriverException {
        Hook hook;
        synchronized (engine) {
            hook = engine.hook;
        }
        hook.call(call, true);
    }
}
