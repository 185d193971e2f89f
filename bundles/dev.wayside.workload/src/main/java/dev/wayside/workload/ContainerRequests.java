// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.PullPolicy;
import dev.wayside.api.driver.SandboxRequest;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.PodContainers;
import dev.wayside.model.Quantity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Turns a Pod into what drivers are asked for. Pure. */
final class ContainerRequests {
    private final Path pods;
    private final Path volumes;

    /**
     * @param pods the folder that holds a folder per pod
     * @param volumes where PersistentVolumes are whose path is relative
     */
    ContainerRequests(Path pods, Path volumes) {
        this.pods = pods;
        this.volumes = volumes;
    }

    /**
     * @throws InputException if something that the container needs is not there
     */
    ContainerRequest container(PodFacts facts, KubeObject pod, JsonObject container, int attempt)
            throws InputException {
        Map<String, String> env = Environment.of(container, facts.fields(pod), facts.inputs());
        JsonObject limits = container.object("resources", "limits");
        JsonObject requests = container.object("resources", "requests");
        JsonObject security = container.object("securityContext");
        JsonObject podSecurity = pod.spec().object("securityContext");
        return new ContainerRequest(
                pod.uid(),
                pod.namespace(),
                pod.name(),
                container.text("name"),
                attempt,
                container.text("image"),
                Environment.expandAll(container.array("command").strings(), env),
                Environment.expandAll(container.array("args").strings(), env),
                env,
                container.text("workingDir"),
                mounts(pod.uid(), container, facts.volumes().wants()),
                Quantity.of(limits, "cpu").milli(),
                Quantity.of(limits, "memory").whole(),
                Quantity.of(requests.has("cpu") ? requests : limits, "cpu").milli(),
                user(security, podSecurity),
                security.flag("privileged"),
                security.flag("readOnlyRootFilesystem"),
                container.flag("tty"),
                container.flag("stdin"),
                SpecHash.of(container, podSecurity));
    }

    static SandboxRequest sandbox(KubeObject pod, PodFacts.NodeFacts node) {
        boolean hostNetwork = pod.spec().flag("hostNetwork");
        List<SandboxRequest.HostPort> ports = new ArrayList<>();
        for (JsonObject container : PodContainers.lasting(pod)) {
            for (JsonObject port : container.array("ports").objects()) {
                int hostPort = (int) port.number("hostPort").orElse(0);
                if (hostPort > 0 && !hostNetwork) {
                    String hostIp = port.text("hostIP");
                    ports.add(
                            new SandboxRequest.HostPort(
                                    hostIp.equals("0.0.0.0") ? "" : hostIp,
                                    hostPort,
                                    (int) port.number("containerPort").orElse(hostPort),
                                    port.string("protocol").orElse("TCP")));
                }
            }
        }
        return new SandboxRequest(
                pod.uid(),
                pod.namespace(),
                pod.name(),
                node.podCidr(),
                hostNetwork,
                hostNetwork ? node.name() : hostname(pod),
                ports);
    }

    /** As core/v1 defaults it: {@code :latest} or no tag means Always. */
    static PullPolicy pullPolicy(JsonObject container) {
        return switch (container.text("imagePullPolicy")) {
            case "Always" -> PullPolicy.ALWAYS;
            case "Never" -> PullPolicy.NEVER;
            case "IfNotPresent" -> PullPolicy.IF_NOT_PRESENT;
            default ->
                    latest(container.text("image")) ? PullPolicy.ALWAYS : PullPolicy.IF_NOT_PRESENT;
        };
    }

    private static boolean latest(String image) {
        String name = image.substring(image.lastIndexOf('/') + 1);
        return !name.contains("@") && (!name.contains(":") || name.endsWith(":latest"));
    }

    private static String hostname(KubeObject pod) {
        String name = pod.spec().string("hostname").filter(it -> !it.isEmpty()).orElse(pod.name());
        String cut = name.substring(0, Math.min(63, name.length()));
        return cut.replaceAll("[-.]+$", "");
    }

    private static String user(JsonObject security, JsonObject podSecurity) {
        String user = number(security, podSecurity, "runAsUser");
        String group = number(security, podSecurity, "runAsGroup");
        return user.isEmpty() || group.isEmpty() ? user : user + ":" + group;
    }

    private static String number(JsonObject security, JsonObject podSecurity, String field) {
        JsonObject from = security.has(field) ? security : podSecurity;
        return from.number(field).isPresent() ? Long.toString(from.number(field).getAsLong()) : "";
    }

    private List<ContainerRequest.Mount> mounts(
            String uid, JsonObject container, Map<String, VolumeWant> wants) throws InputException {
        List<ContainerRequest.Mount> mounts = new ArrayList<>();
        for (JsonObject mount : container.array("volumeMounts").objects()) {
            String name = mount.text("name");
            VolumeWant want = wants.get(name);
            if (want == null) {
                throw new InputException("volume \"" + name + "\" is not one of the pod's");
            }
            String target = mount.text("mountPath");
            mounts.add(
                    new ContainerRequest.Mount(
                            source(uid, name, want),
                            target.startsWith("/") ? target : "/" + target,
                            mount.flag("readOnly")
                                    || want instanceof VolumeWant.Files
                                    || (want instanceof VolumeWant.Claimed claimed
                                            && claimed.readOnly())));
        }
        return mounts;
    }

    private Path source(String uid, String name, VolumeWant want) {
        if (want instanceof VolumeWant.HostPath host) {
            return Path.of(host.path());
        }
        return want instanceof VolumeWant.Claimed claimed
                ? volumes.resolve(claimed.path())
                : VolumeStore.folder(pods, uid, name);
    }
}
