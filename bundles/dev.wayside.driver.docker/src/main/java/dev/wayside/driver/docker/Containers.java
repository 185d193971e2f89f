// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.PodReality;
import dev.wayside.model.JsonObject;
import java.time.Duration;
import java.util.Optional;

/** Pods' containers. */
final class Containers {
    private static final Duration CREATE = Duration.ofSeconds(30);
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration REMOVE = Duration.ofSeconds(30);

    /** What the engine may take beyond the grace period. */
    private static final Duration STOP = Duration.ofSeconds(20);

    private final DockerApi api;
    private final Labels labels;
    private final Realities realities;

    Containers(DockerApi api, Labels labels, Realities realities) {
        this.api = api;
        this.labels = labels;
        this.realities = realities;
    }

    PodReality.Container start(ContainerRequest request) throws DriverException {
        String name =
                ContainerNames.container(
                        request.podUid(),
                        request.namespace(),
                        request.podName(),
                        request.name(),
                        request.attempt());
        Optional<JsonObject> found = find(name, request.podUid());
        if (found.isPresent() && Realities.state(found.get()) != PodReality.State.CREATED) {
            return Realities.container(found.get());
        }
        String infra = infra(request);
        if (found.isPresent() && !found.get().text("HostConfig", "NetworkMode").endsWith(infra)) {
            // Made for a sandbox that is no more; as it never ran it can be made anew.
            remove(found.get().text("Id"));
            found = Optional.empty();
        }
        if (found.isEmpty()) {
            create(request, name, infra);
            found = find(name, request.podUid());
        }
        JsonObject created =
                found.orElseThrow(
                        () -> Failures.unavailable("CreateContainerError", "it has vanished"));
        // Another call may have started it meanwhile, and a second start would run it again.
        if (Realities.state(created) == PodReality.State.CREATED) {
            start(request, created.text("Id"));
            created =
                    find(name, request.podUid())
                            .orElseThrow(
                                    () ->
                                            Failures.unavailable(
                                                    "RunContainerError", "it has vanished"));
        }
        return Realities.container(created);
    }

    private Optional<JsonObject> find(String name, String podUid) throws DriverException {
        Optional<JsonObject> found = realities.inspectAny(name);
        if (found.isPresent() && !labels.match(found.get().object("Config", "Labels"), podUid)) {
            throw Failures.unavailable(
                    "CreateContainerError", "a container of somebody else has the name " + name);
        }
        return found;
    }

    private String infra(ContainerRequest request) throws DriverException {
        return realities
                .inspect(
                        request.podUid(),
                        ContainerNames.infra(
                                request.podUid(), request.namespace(), request.podName()))
                .filter(Realities::running)
                .map(infra -> infra.text("Id"))
                .orElseThrow(
                        () ->
                                Failures.unavailable(
                                        "CreateContainerError", "the pod's sandbox does not run"));
    }

    private void create(ContainerRequest request, String name, String infra)
            throws DriverException {
        JsonObject ours =
                labels.of(request.podUid(), request.namespace(), request.podName(), request.name())
                        .put(Labels.ATTEMPT, Integer.toString(request.attempt()))
                        .put(Labels.SPEC_HASH, request.specHash())
                        .build();
        DockerApi.Reply reply =
                api.post(
                        "/containers/create?name=" + name,
                        ContainerSpec.container(request, infra, ours),
                        CREATE);
        // 409: a call before this one has made it, and did not live to hear of it.
        if (reply.good() || reply.status() == 409) {
            return;
        }
        String message = ContainerSpec.withoutSecrets(request, reply.message());
        throw reply.status() == 400
                ? Failures.refused("CreateContainerError", message)
                : Failures.unavailable("CreateContainerError", message);
    }

    private void start(ContainerRequest request, String id) throws DriverException {
        DockerApi.Reply reply = api.post("/containers/" + id + "/start", null, START);
        if (reply.good()) {
            return;
        }
        String message = ContainerSpec.withoutSecrets(request, reply.message());
        // 409 is for a sandbox that has just ended, 404 for a container that has just been removed
        // or, with some engines, for a program that is not in the image.
        boolean unfit =
                reply.status() == 400
                        || message.contains("executable file not found")
                        || message.contains("no such file or directory")
                        || message.contains("OCI runtime create failed");
        throw unfit
                ? Failures.refused("RunContainerError", message)
                : Failures.unavailable("RunContainerError", message);
    }

    void stop(String podUid, String containerId, Duration grace) throws DriverException {
        Optional<JsonObject> found = ours(podUid, containerId);
        if (found.isEmpty() || !Realities.running(found.get())) {
            return;
        }
        long seconds = grace.plusMillis(999).toSeconds();
        DockerApi.Reply reply =
                api.post(
                        "/containers/" + found.get().text("Id") + "/stop?t=" + seconds,
                        null,
                        STOP.plusSeconds(seconds));
        if (!reply.good() && reply.status() != 404) {
            throw DockerApi.unexpected("stopping " + containerId, reply);
        }
    }

    void remove(String podUid, String containerId) throws DriverException {
        Optional<JsonObject> found = ours(podUid, containerId);
        if (found.isEmpty()) {
            return;
        }
        if (Realities.running(found.get())) {
            throw Failures.refused("RemoveContainerError", containerId + " runs; stop it first");
        }
        remove(found.get().text("Id"));
    }

    /** Kills all that the pod has, and removes it. */
    void removeAll(String podUid) throws DriverException {
        for (String id : realities.idsOf(podUid)) {
            remove(id);
        }
    }

    private void remove(String id) throws DriverException {
        DockerApi.Reply reply = api.delete("/containers/" + id + "?force=true&v=true", REMOVE);
        // 409: its removal is under way.
        if (!reply.good() && reply.status() != 404 && reply.status() != 409) {
            throw DockerApi.unexpected("removing a container", reply);
        }
    }

    /** The engine's id of a container that runs. */
    String running(String podUid, String containerId) throws DriverException {
        return ours(podUid, containerId)
                .filter(Realities::running)
                .map(found -> found.text("Id"))
                .orElseThrow(
                        () ->
                                new DriverException(
                                        DriverException.Kind.GONE,
                                        "ContainerNotRunning",
                                        "container " + containerId + " does not run",
                                        null));
    }

    private Optional<JsonObject> ours(String podUid, String containerId) throws DriverException {
        String id = ContainerNames.id(containerId);
        return id.isEmpty() ? Optional.empty() : realities.inspect(podUid, id);
    }
}
