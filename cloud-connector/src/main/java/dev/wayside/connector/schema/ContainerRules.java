// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The rules for the containers of one pod. One use, one thread. */
final class ContainerRules {
    private static final List<String> PULL_POLICIES = List.of("Always", "IfNotPresent", "Never");
    private static final List<String> MESSAGE_POLICIES = List.of("FallbackToLogsOnError", "File");
    private static final List<String> PROTOCOLS = List.of("SCTP", "TCP", "UDP");
    private static final List<String> PROBES =
            List.of("livenessProbe", "readinessProbe", "startupProbe");

    private final Set<String> volumes;
    private final boolean hostNetwork;
    private final Errors errors;
    private final Set<String> names = new HashSet<>();

    ContainerRules(Set<String> volumes, boolean hostNetwork, Errors errors) {
        this.volumes = volumes;
        this.hostNetwork = hostNetwork;
        this.errors = errors;
    }

    void containers(JsonArray containers, String path) {
        if (containers.isEmpty()) {
            errors.required(path);
        }
        Set<String> hostPorts = new HashSet<>();
        for (int i = 0; i < containers.size(); i++) {
            if (containers.get(i) instanceof JsonObject container) {
                String here = path + "[" + i + "]";
                container(container, here, hostPorts);
                if (container.has("restartPolicy")) {
                    errors.forbidden(
                            here + ".restartPolicy", "may not be set for non-init containers");
                }
                probes(container, here);
            }
        }
    }

    void initContainers(JsonArray containers, String path) {
        for (int i = 0; i < containers.size(); i++) {
            if (containers.get(i) instanceof JsonObject container) {
                String here = path + "[" + i + "]";
                // Init containers run one after the other, so they may share host ports.
                container(container, here, new HashSet<>());
                boolean sidecar = container.text("restartPolicy").equals("Always");
                if (container.has("restartPolicy") && !sidecar) {
                    errors.notSupported(
                            here + ".restartPolicy",
                            container.text("restartPolicy"),
                            List.of("Always"));
                }
                if (sidecar) {
                    probes(container, here);
                } else {
                    forbidProbes(container, here);
                }
            }
        }
    }

    private void forbidProbes(JsonObject container, String path) {
        for (String name : PROBES) {
            if (container.has(name)) {
                errors.forbidden(
                        path + "." + name,
                        "may not be set for init containers without restartPolicy=Always");
            }
        }
        if (container.has("lifecycle")) {
            errors.forbidden(
                    path + ".lifecycle",
                    "may not be set for init containers without restartPolicy=Always");
        }
    }

    private void probes(JsonObject container, String path) {
        for (String name : PROBES) {
            if (container.has(name)) {
                HandlerRules.probe(
                        container.object(name),
                        path + "." + name,
                        name.equals("readinessProbe"),
                        errors);
            }
        }
        for (String name : List.of("postStart", "preStop")) {
            if (container.object("lifecycle").has(name)) {
                HandlerRules.handler(
                        container.object("lifecycle", name), path + ".lifecycle." + name, errors);
            }
        }
    }

    private void container(JsonObject container, String path, Set<String> hostPorts) {
        String name = container.text("name");
        if (name.isEmpty()) {
            errors.required(path + ".name");
        } else {
            errors.invalid(path + ".name", name, NameRules.label(name));
            if (!names.add(name)) {
                errors.duplicate(path + ".name", name);
            }
        }
        String image = container.text("image");
        if (image.isEmpty()) {
            errors.required(path + ".image");
        } else if (!image.strip().equals(image)) {
            errors.invalid(path + ".image", image, "must not have leading or trailing whitespace");
        }
        oneOf(container, "terminationMessagePolicy", MESSAGE_POLICIES, path);
        oneOf(container, "imagePullPolicy", PULL_POLICIES, path);
        ports(container.array("ports"), path + ".ports", hostPorts);
        EnvironmentRules.variables(container.array("env"), path + ".env", errors);
        EnvironmentRules.sources(container.array("envFrom"), path + ".envFrom", errors);
        mounts(container.array("volumeMounts"), path + ".volumeMounts");
        ResourceRules.container(container.object("resources"), path + ".resources", errors);
        security(container.object("securityContext"), path + ".securityContext", errors);
    }

    private void oneOf(JsonObject container, String name, List<String> allowed, String path) {
        String value = container.text(name);
        if (value.isEmpty()) {
            errors.required(path + "." + name);
        } else if (!allowed.contains(value)) {
            errors.notSupported(path + "." + name, value, allowed);
        }
    }

    private void ports(JsonArray ports, String path, Set<String> hostPorts) {
        Set<String> portNames = new HashSet<>();
        for (int i = 0; i < ports.size(); i++) {
            if (ports.get(i) instanceof JsonObject port) {
                port(port, path + "[" + i + "]", portNames, hostPorts);
            }
        }
    }

    private void port(JsonObject port, String path, Set<String> portNames, Set<String> hostPorts) {
        String name = port.text("name");
        if (!name.isEmpty()) {
            errors.invalid(path + ".name", name, NameRules.portName(name));
            if (!portNames.add(name)) {
                errors.duplicate(path + ".name", name);
            }
        }
        long containerPort = port.number("containerPort").orElse(0);
        if (containerPort == 0) {
            errors.required(path + ".containerPort");
        } else {
            for (String wrong : NameRules.portNumber(containerPort)) {
                errors.invalid(path + ".containerPort", containerPort, wrong);
            }
        }
        String protocol = port.text("protocol");
        if (protocol.isEmpty()) {
            errors.required(path + ".protocol");
        } else if (!PROTOCOLS.contains(protocol)) {
            errors.notSupported(path + ".protocol", protocol, PROTOCOLS);
        }
        long hostPort = port.number("hostPort").orElse(0);
        if (hostPort == 0) {
            return;
        }
        for (String wrong : NameRules.portNumber(hostPort)) {
            errors.invalid(path + ".hostPort", hostPort, wrong);
        }
        if (hostNetwork && hostPort != containerPort) {
            errors.invalid(
                    path + ".containerPort",
                    containerPort,
                    "must match `hostPort` when `hostNetwork` is true");
        }
        String taken = protocol + "/" + port.text("hostIP") + "/" + hostPort;
        if (!hostPorts.add(taken)) {
            errors.duplicate(path + ".hostPort", taken);
        }
    }

    private void mounts(JsonArray mounts, String path) {
        Set<String> points = new HashSet<>();
        for (int i = 0; i < mounts.size(); i++) {
            if (mounts.get(i) instanceof JsonObject mount) {
                String here = path + "[" + i + "]";
                String name = mount.text("name");
                if (name.isEmpty()) {
                    errors.required(here + ".name");
                } else if (!volumes.contains(name)) {
                    errors.notFound(here + ".name", name);
                }
                String point = mount.text("mountPath");
                if (point.isEmpty()) {
                    errors.required(here + ".mountPath");
                } else {
                    if (point.contains(":")) {
                        errors.invalid(here + ".mountPath", point, "must not contain ':'");
                    }
                    if (!points.add(point)) {
                        errors.invalid(here + ".mountPath", point, "must be unique");
                    }
                }
                for (String sub : List.of("subPath", "subPathExpr")) {
                    if (!mount.text(sub).isEmpty()) {
                        VolumeRules.relative(mount.text(sub), here + "." + sub, errors);
                    }
                }
                if (!mount.text("subPath").isEmpty() && !mount.text("subPathExpr").isEmpty()) {
                    errors.invalid(
                            here + ".subPathExpr",
                            mount.text("subPathExpr"),
                            "subPathExpr and subPath are mutually exclusive");
                }
            }
        }
    }

    /** What pods and containers may say of users; {@code context} may be empty. */
    static void security(JsonObject context, String path, Errors errors) {
        for (String id : List.of("runAsUser", "runAsGroup", "fsGroup")) {
            long value = context.number(id).orElse(0);
            if (value < 0 || value > Integer.MAX_VALUE) {
                errors.invalid(
                        path + "." + id, value, "must be between 0 and 2147483647, inclusive");
            }
        }
        boolean noEscalation =
                context.has("allowPrivilegeEscalation")
                        && !context.flag("allowPrivilegeEscalation");
        if (noEscalation && context.flag("privileged")) {
            errors.invalid(
                    path,
                    context,
                    "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
        }
    }
}
