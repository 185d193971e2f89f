// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.SandboxRequest;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What Docker is asked to create, in its own words. */
final class ContainerSpec {
    private static final int MAX_HOSTNAME = 63;

    private ContainerSpec() {}

    /** The container that holds the pod's namespaces. */
    static JsonObject infra(
            SandboxRequest request, String image, String network, JsonObject labels) {
        Map<String, Json> exposed = new LinkedHashMap<>();
        Map<String, JsonArray> bound = new LinkedHashMap<>();
        if (!request.hostNetwork()) {
            for (SandboxRequest.HostPort port : request.ports()) {
                String key = port.containerPort() + "/" + port.protocol().toLowerCase(Locale.ROOT);
                exposed.put(key, JsonObject.EMPTY);
                bound.merge(
                        key,
                        JsonArray.of(
                                JsonObject.of("HostIp", port.hostIp())
                                        .with("HostPort", Integer.toString(port.hostPort()))),
                        (one, other) -> one.plus(other.get(0)));
            }
        }
        String hostname =
                request.hostname().length() <= MAX_HOSTNAME
                        ? request.hostname()
                        : request.hostname().substring(0, MAX_HOSTNAME);
        JsonObject host =
                JsonObject.builder()
                        .put("NetworkMode", network)
                        .put("IpcMode", "shareable")
                        .put("PortBindings", JsonObject.of(bound))
                        .put("RestartPolicy", JsonObject.of("Name", "no"))
                        .put("LogConfig", JsonObject.of("Type", "none"))
                        .put("CpuShares", 2)
                        .put("ReadonlyRootfs", true)
                        .put("CapDrop", JsonArray.ofStrings(List.of("ALL")))
                        .put("SecurityOpt", JsonArray.ofStrings(List.of("no-new-privileges")))
                        .build();
        return JsonObject.builder()
                .put("Image", image)
                .put("Entrypoint", JsonArray.ofStrings(List.of(InfraImage.PROGRAM)))
                .putUnlessEmpty("Hostname", request.hostNetwork() ? "" : hostname)
                // As process 1 it ignores SIGTERM, and an engine that stops would wait for it.
                .put("StopSignal", "SIGKILL")
                .put("Labels", labels)
                .put("ExposedPorts", JsonObject.of(exposed))
                .put("HostConfig", host)
                .build();
    }

    /** One of the pod's containers. */
    static JsonObject container(ContainerRequest request, String infraId, JsonObject labels)
            throws DriverException {
        List<String> environment = new ArrayList<>();
        for (Map.Entry<String, String> entry : request.env().entrySet()) {
            // The engine would repeat the whole setting, value and all, in its complaint.
            if (entry.getKey().isEmpty()
                    || entry.getKey().indexOf('=') >= 0
                    || entry.getKey().indexOf('\0') >= 0
                    || entry.getValue().indexOf('\0') >= 0) {
                throw Failures.refused(
                        "CreateContainerError",
                        "the environment variable \"" + entry.getKey() + "\" is not possible");
            }
            environment.add(entry.getKey() + "=" + entry.getValue());
        }
        String joined = "container:" + infraId;
        JsonObject.Builder host =
                JsonObject.builder()
                        .put("NetworkMode", joined)
                        .put("IpcMode", joined)
                        .put("RestartPolicy", JsonObject.of("Name", "no"))
                        .put("CpuShares", shares(request.milliCpuRequest()))
                        .put("Privileged", request.privileged())
                        .put("ReadonlyRootfs", request.readOnlyRoot())
                        .put("Mounts", mounts(request.mounts()))
                        .put(
                                "LogConfig",
                                JsonObject.builder()
                                        .put("Type", "json-file")
                                        .put(
                                                "Config",
                                                JsonObject.of("max-size", "10m")
                                                        .with("max-file", "3"))
                                        .build());
        if (request.milliCpuLimit() > 0) {
            // 10 ms in 100 ms is the least that the engine takes.
            host.put("CpuPeriod", 100_000)
                    .put("CpuQuota", Math.max(1000, request.milliCpuLimit() * 100));
        }
        if (request.memoryLimitBytes() > 0) {
            // With equal limits there is no swap, as in Kubernetes.
            host.put("Memory", request.memoryLimitBytes())
                    .put("MemorySwap", request.memoryLimitBytes());
        }
        JsonObject.Builder spec =
                JsonObject.builder()
                        .put("Image", request.image())
                        .put("Labels", labels)
                        .put("Env", JsonArray.ofStrings(environment))
                        .put("Tty", request.tty())
                        .put("OpenStdin", request.stdin())
                        .putUnlessEmpty("WorkingDir", request.workingDir())
                        .putUnlessEmpty("User", request.user())
                        .put("HostConfig", host.build());
        if (!request.command().isEmpty()) {
            // An entry point of one's own also drops the image's arguments.
            spec.put("Entrypoint", JsonArray.ofStrings(request.command()));
        }
        if (!request.args().isEmpty()) {
            spec.put("Cmd", JsonArray.ofStrings(request.args()));
        }
        return spec.build();
    }

    /** Bind mounts as objects: a path may hold a colon. */
    private static JsonArray mounts(List<ContainerRequest.Mount> mounts) {
        List<Json> out = new ArrayList<>();
        for (ContainerRequest.Mount mount : mounts) {
            out.add(
                    JsonObject.builder()
                            .put("Type", "bind")
                            .put("Source", mount.source().toString())
                            .put("Target", mount.target())
                            .put("ReadOnly", mount.readOnly())
                            .build());
        }
        return new JsonArray(out);
    }

    /** What kubelet makes of the same request. */
    private static long shares(long milliCpu) {
        return Math.min(262_144, Math.max(2, milliCpu * 1024 / 1000));
    }

    /**
     * The engine's complaint without what the request keeps secret: it may quote arguments and the
     * environment.
     */
    static String withoutSecrets(ContainerRequest request, String message) {
        List<String> secrets = new ArrayList<>(request.env().values());
        secrets.addAll(request.args());
        if (request.command().size() > 1) {
            secrets.addAll(request.command().subList(1, request.command().size()));
        }
        String clean = message;
        // The longest first: one may be part of another.
        secrets.sort(java.util.Comparator.comparingInt(String::length).reversed());
        for (String secret : secrets) {
            if (secret.length() >= 4) {
                clean = clean.replace(secret, "…");
            }
        }
        return clean;
    }
}
