// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.PodReality;
import dev.wayside.api.driver.SandboxRequest;
import dev.wayside.model.JsonObject;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** Pods' infra containers: they hold the network namespace, the address and the ports. */
final class Sandboxes {
    private static final Duration CREATE = Duration.ofSeconds(30);
    private static final String REASON = "CreatePodSandboxError";

    private final DockerApi api;
    private final Labels labels;
    private final Realities realities;
    private final InfraImage image;
    private final PodNetwork network;

    /** Held shared while a sandbox gets onto the network, exclusively while that is removed. */
    private final ReadWriteLock joining = new ReentrantReadWriteLock();

    Sandboxes(
            DockerApi api,
            Labels labels,
            Realities realities,
            InfraImage image,
            PodNetwork network) {
        this.api = api;
        this.labels = labels;
        this.realities = realities;
        this.image = image;
        this.network = network;
    }

    PodReality ensure(SandboxRequest request) throws DriverException {
        String name = ContainerNames.infra(request.podUid(), request.namespace(), request.name());
        Optional<JsonObject> found = find(name, request.podUid());
        if (found.isPresent() && Realities.state(found.get()) == PodReality.State.EXITED) {
            removeDead(request.podUid(), found.get());
            found = Optional.empty();
        }
        if (found.isEmpty() || !Realities.running(found.get())) {
            joining.readLock().lock();
            try {
                join(request, name, found);
            } finally {
                joining.readLock().unlock();
            }
        }
        return realities
                .of(request.podUid())
                .orElseThrow(() -> Failures.unavailable(REASON, "the sandbox has vanished"));
    }

    private void join(SandboxRequest request, String name, Optional<JsonObject> found)
            throws DriverException {
        String joined = request.hostNetwork() ? "host" : network.ensure(request.podCidr());
        if (found.isEmpty()) {
            create(request, name, joined);
        }
        Optional<JsonObject> created = find(name, request.podUid());
        if (created.isPresent() && !Realities.running(created.get())) {
            start(created.get().text("Id"));
        }
    }

    /** Removes the pod network if this was its last pod; not if others are just coming. */
    void tidy() throws DriverException {
        if (joining.writeLock().tryLock()) {
            try {
                network.removeIfUnused();
            } finally {
                joining.writeLock().unlock();
            }
        }
    }

    private Optional<JsonObject> find(String name, String podUid) throws DriverException {
        Optional<JsonObject> found = realities.inspectAny(name);
        if (found.isPresent() && !labels.match(found.get().object("Config", "Labels"), podUid)) {
            throw Failures.unavailable(REASON, "a container of somebody else has the name " + name);
        }
        return found;
    }

    /** The namespace is gone for good; whoever is still in it would be left behind. */
    private void removeDead(String podUid, JsonObject infra) throws DriverException {
        boolean inhabited =
                realities.of(podUid).stream()
                        .flatMap(pod -> pod.containers().stream())
                        .anyMatch(it -> it.state() == PodReality.State.RUNNING);
        if (inhabited) {
            throw Failures.unavailable(
                    "SandboxChanged",
                    "the pod's sandbox has ended while containers run in it: they must be stopped"
                            + " before it is made anew");
        }
        DockerApi.Reply reply =
                api.delete("/containers/" + infra.text("Id") + "?force=true&v=true", CREATE);
        if (!reply.good() && reply.status() != 404) {
            throw DockerApi.unexpected("removing the old sandbox", reply);
        }
    }

    private void create(SandboxRequest request, String name, String joined) throws DriverException {
        JsonObject spec =
                ContainerSpec.infra(
                        request,
                        image.ensure(),
                        joined,
                        labels.of(
                                        request.podUid(),
                                        request.namespace(),
                                        request.name(),
                                        Labels.INFRA)
                                .build());
        DockerApi.Reply reply = api.post("/containers/create?name=" + name, spec, CREATE);
        // 409: a call before this one has made it, and did not live to hear of it.
        if (reply.status() == 400) {
            throw Failures.refused(REASON, reply.message());
        }
        if (!reply.good() && reply.status() != 409) {
            throw Failures.unavailable(REASON, reply.message());
        }
    }

    private void start(String id) throws DriverException {
        DockerApi.Reply reply = api.post("/containers/" + id + "/start", null, CREATE);
        if (!reply.good()) {
            // A host port that is taken, for instance; it may be free later.
            throw Failures.unavailable(REASON, reply.message());
        }
    }
}
