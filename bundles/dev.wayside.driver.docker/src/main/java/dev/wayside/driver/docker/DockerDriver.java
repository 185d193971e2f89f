// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import dev.wayside.api.driver.ContainerDriver;
import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.ExecResult;
import dev.wayside.api.driver.PodReality;
import dev.wayside.api.driver.PullPolicy;
import dev.wayside.api.driver.SandboxRequest;
import dev.wayside.api.node.GatewayIdentity;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
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
 * Runs containers with Docker. It keeps nothing itself, and is there whether the engine answers or
 * not: the calls tell.
 */
@Component(
        service = ContainerDriver.class,
        property = ContainerDriver.NAME + "=docker",
        immediate = true)
@Designate(ocd = DockerDriver.Config.class)
public final class DockerDriver implements ContainerDriver {

    @ObjectClassDefinition(name = "Docker driver")
    public @interface Config {
        @AttributeDefinition(description = "The engine's Unix socket")
        String socket() default "/var/run/docker.sock";
    }

    private final DockerSocket socket;
    private final DockerApi api;
    private final Realities realities;
    private final Images images;
    private final Sandboxes sandboxes;
    private final Containers containers;
    private final Commands commands;
    private final EventStream events;

    @Activate
    public DockerDriver(@Reference GatewayIdentity identity, Config config) {
        this(Path.of(config.socket()), identity.gatewayUid(), Clock.systemUTC());
    }

    DockerDriver(Path socketFile, String gatewayUid, Clock clock) {
        if (!socketFile.isAbsolute()) {
            throw new IllegalArgumentException("socket: must be an absolute path: " + socketFile);
        }
        if (!ContainerNames.isPart(gatewayUid)) {
            throw new IllegalArgumentException("no gateway UID: " + gatewayUid);
        }
        Labels labels = new Labels(gatewayUid);
        this.socket = new DockerSocket(socketFile);
        this.api = new DockerApi(socket);
        this.realities = new Realities(api, labels);
        this.images = new Images(api);
        this.sandboxes =
                new Sandboxes(
                        api,
                        labels,
                        realities,
                        new InfraImage(api),
                        new PodNetwork(api, labels, gatewayUid));
        this.containers = new Containers(api, labels, realities);
        this.commands = new Commands(api);
        this.events = new EventStream(socket, labels, clock.instant());
    }

    @Activate
    void start() {
        events.start();
    }

    @Deactivate
    void stop() {
        events.close();
        socket.close();
    }

    @Override
    public String version() throws DriverException {
        return "docker://" + api.ask().version();
    }

    @Override
    public List<PodReality> pods() throws DriverException {
        return realities.all();
    }

    @Override
    public Optional<PodReality> pod(String podUid) throws DriverException {
        return ContainerNames.isPart(podUid) ? realities.of(podUid) : Optional.empty();
    }

    @Override
    public void ensureImage(String image, PullPolicy policy) throws DriverException {
        images.ensure(image, policy);
    }

    @Override
    public PodReality ensureSandbox(SandboxRequest request) throws DriverException {
        check(request.podUid(), request.namespace(), request.name());
        return sandboxes.ensure(request);
    }

    @Override
    public PodReality.Container startContainer(ContainerRequest request) throws DriverException {
        check(request.podUid(), request.namespace(), request.podName());
        check(request.name());
        return containers.start(request);
    }

    @Override
    public void stopContainer(String podUid, String containerId, Duration grace)
            throws DriverException {
        containers.stop(podUid, containerId, grace);
    }

    @Override
    public ExecResult exec(
            String podUid, String containerId, List<String> command, Duration timeout)
            throws DriverException {
        return commands.run(containers.running(podUid, containerId), command, timeout);
    }

    @Override
    public void removeContainer(String podUid, String containerId) throws DriverException {
        containers.remove(podUid, containerId);
    }

    @Override
    public void removePod(String podUid) throws DriverException {
        if (ContainerNames.isPart(podUid)) {
            containers.removeAll(podUid);
            sandboxes.tidy();
        }
    }

    @Override
    public Subscription watch(Consumer<String> podUid) {
        return events.subscribe(podUid);
    }

    /** Names become part of a container's name, and so of a path. */
    private static void check(String... names) throws DriverException {
        for (String name : names) {
            if (!ContainerNames.isPart(name)) {
                throw Failures.refused(
                        "CreateContainerError", "\"" + name + "\" cannot be part of a name");
            }
        }
    }
}
