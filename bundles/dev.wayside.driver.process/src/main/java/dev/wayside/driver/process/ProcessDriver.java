// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.ExecResult;
import dev.wayside.api.driver.PodReality;
import dev.wayside.api.driver.PullPolicy;
import dev.wayside.api.driver.SandboxRequest;
import dev.wayside.api.node.GatewayIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * Runs containers as plain processes. Everything it knows is on disk, below {@code
 * DIR/GATEWAY-UID/pods}; what runs needs neither this nor the gateway's process.
 */
@Component(
        service = ContainerDriver.class,
        property = ContainerDriver.NAME + "=process",
        immediate = true)
@Designate(ocd = ProcessDriver.Config.class)
public final class ProcessDriver implements ContainerDriver {

    @ObjectClassDefinition(name = "Process driver")
    public @interface Config {
        @AttributeDefinition(
                description = "Where records and logs are kept, below the gateway's data folder")
        String dir() default "process";

        @AttributeDefinition(description = "Name of the control group above all containers")
        String cgroup() default "wayside";
    }

    private static final String VERSION = "process://" + System.getProperty("os.version", "0");

    private final Path root;
    private final Path pods;
    private final Waiter waiter;
    private final HostProcesses processes;
    private final HostCommands commands;
    private final HostAddress address = new HostAddress(Path.of("/proc/net/route"));
    private final ExitWatch exits = new ExitWatch();

    @Activate
    public ProcessDriver(@Reference GatewayIdentity identity, Config config) {
        this(
                Path.of(System.getProperty("wayside.data", ".")).resolve(config.dir()),
                identity.gatewayUid(),
                config.cgroup(),
                Clock.systemUTC());
    }

    ProcessDriver(Path folder, String gatewayUid, String cgroup, Clock clock) {
        if (!PodFolder.isName(cgroup)) {
            throw new IllegalArgumentException("cgroup: must be a folder's name, not " + cgroup);
        }
        this.root = folder.toAbsolutePath().normalize();
        this.pods = root.resolve(gatewayUid).resolve("pods");
        this.waiter = new Waiter(root);
        Accounts accounts = new Accounts(Path.of("/etc/passwd"));
        this.processes =
                new HostProcesses(
                        waiter,
                        new Cgroups(Path.of("/proc/self/mounts"), cgroup, gatewayUid),
                        accounts,
                        clock);
        this.commands = new HostCommands(waiter, accounts);
    }

    @Activate
    void start() throws IOException {
        DurableFiles.makeFolder(pods);
        exits.start();
        for (PodFolder pod : folders()) {
            for (ContainerFolder container : pod.containers()) {
                if (!container.ended()) {
                    exits.add(container, pod.uid());
                }
            }
        }
    }

    @Deactivate
    void stop() {
        exits.close();
    }

    @Override
    public String version() throws DriverException {
        if (!Accounts.onPath("setsid")) {
            throw Failures.unavailable(
                    "ProcessDriverSetsid", "the program setsid (util-linux) is missing");
        }
        if (!Files.isWritable(pods)) {
            throw Failures.unavailable("ProcessDriverDisk", pods + " cannot be written");
        }
        return VERSION;
    }

    @Override
    public List<PodReality> pods() throws DriverException {
        try {
            String ip = address.find();
            List<PodReality> found = new ArrayList<>();
            for (PodFolder pod : folders()) {
                pod.read(ip).ifPresent(found::add);
            }
            return found;
        } catch (IOException e) {
            throw Failures.disk("read the pods' records", e);
        }
    }

    @Override
    public Optional<PodReality> pod(String podUid) throws DriverException {
        if (!PodFolder.isName(podUid)) {
            return Optional.empty();
        }
        try {
            return folder(podUid).read(address.find());
        } catch (IOException e) {
            throw Failures.disk("read the pod's records", e);
        }
    }

    @Override
    public void ensureImage(String image, PullPolicy policy) throws DriverException {
        Launch.checkImage(image);
    }

    @Override
    public PodReality ensureSandbox(SandboxRequest request) throws DriverException {
        for (SandboxRequest.HostPort port : request.ports()) {
            if (port.hostPort() != port.containerPort()) {
                throw Failures.refused(
                        "CreatePodSandboxError",
                        "a host process opens the host's own ports: hostPort "
                                + port.hostPort()
                                + " must be containerPort "
                                + port.containerPort());
            }
        }
        if (!PodFolder.isName(request.podUid())) {
            throw Failures.refused("CreatePodSandboxError", "the pod's UID is no file's name");
        }
        try {
            PodFolder pod = folder(request.podUid());
            if (!pod.exists()) {
                pod.create(request);
            } else if (!pod.current()) {
                pod.renew();
            }
            return pod.read(address.find())
                    .orElseThrow(
                            () ->
                                    Failures.unavailable(
                                            "CreatePodSandboxError", "removed meanwhile"));
        } catch (IOException e) {
            throw Failures.disk("write the pod's records", e);
        }
    }

    @Override
    public PodReality.Container startContainer(ContainerRequest request) throws DriverException {
        if (!PodFolder.isName(request.podUid()) || !PodFolder.isName(request.name())) {
            throw Failures.refused("CreateContainerError", "the container's name is no file's");
        }
        try {
            PodFolder pod = folder(request.podUid());
            if (!pod.exists()) {
                throw Failures.unavailable("CreateContainerError", "the pod has no sandbox");
            }
            ContainerFolder container = pod.container(request.name(), request.attempt());
            try (PodLock lock = PodLock.take(pod.lockFile())) {
                processes.create(container, request);
                exits.add(container, request.podUid());
                return processes.start(container, request);
            }
        } catch (IOException e) {
            throw Failures.disk("start " + request, e);
        }
    }

    @Override
    public void stopContainer(String podUid, String containerId, Duration grace)
            throws DriverException {
        Optional<ContainerFolder> container = container(podUid, containerId);
        try {
            if (container.isPresent()) {
                processes.stop(container.get(), grace);
            }
        } catch (IOException e) {
            throw Failures.disk("stop " + containerId, e);
        }
    }

    @Override
    public ExecResult exec(
            String podUid, String containerId, List<String> command, Duration timeout)
            throws DriverException {
        Optional<ContainerFolder> container = container(podUid, containerId);
        try {
            if (container.isEmpty()) {
                throw HostCommands.gone(containerId);
            }
            return commands.run(container.get(), command, timeout);
        } catch (IOException e) {
            throw Failures.disk("run a command in " + containerId, e);
        }
    }

    @Override
    public void removeContainer(String podUid, String containerId) throws DriverException {
        Optional<ContainerFolder> container = container(podUid, containerId);
        try {
            if (container.isPresent()) {
                if (processes.running(container.get())) {
                    throw Failures.refused(
                            "RemoveContainerError", containerId + " runs; stop it first");
                }
                processes.killAll(container.get());
                processes.forget(container.get());
            }
        } catch (IOException e) {
            throw Failures.disk("remove " + containerId, e);
        }
    }

    @Override
    public void removePod(String podUid) throws DriverException {
        if (!PodFolder.isName(podUid)) {
            return;
        }
        try {
            PodFolder pod = folder(podUid);
            for (ContainerFolder container : pod.containers()) {
                processes.killAll(container);
                processes.forget(container);
            }
            pod.delete();
        } catch (IOException e) {
            throw Failures.disk("remove pod " + podUid, e);
        }
    }

    @Override
    public Subscription watch(Consumer<String> podUid) {
        return exits.subscribe(podUid);
    }

    private PodFolder folder(String podUid) {
        return new PodFolder(pods, podUid, waiter);
    }

    private List<PodFolder> folders() throws IOException {
        return PodFolder.children(pods).stream()
                .map(path -> path.getFileName().toString())
                .filter(PodFolder::isName)
                .map(this::folder)
                .toList();
    }

    private Optional<ContainerFolder> container(String podUid, String id) {
        return PodFolder.isName(podUid) ? folder(podUid).container(id) : Optional.empty();
    }
}
