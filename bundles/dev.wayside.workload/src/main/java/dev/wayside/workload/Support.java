// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonNull;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.PodContainers;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which pods this agent can run as they were asked for. It works from lists of what is known, and
 * fails closed: a field that nobody here has thought of is not quietly ignored, lest a pod run with
 * less isolation, or less care, than its author asked for.
 */
final class Support {
    /** Honoured, or of no consequence on the gateway (a matter of scheduling or of names). */
    private static final Set<String> POD =
            Set.of(
                    "affinity",
                    "automountServiceAccountToken",
                    "containers",
                    "dnsPolicy",
                    "enableServiceLinks",
                    "hostNetwork",
                    "hostname",
                    "initContainers",
                    "nodeName",
                    "nodeSelector",
                    "os",
                    "preemptionPolicy",
                    "priority",
                    "priorityClassName",
                    "readinessGates",
                    "restartPolicy",
                    "schedulerName",
                    "securityContext",
                    "serviceAccount",
                    "serviceAccountName",
                    "subdomain",
                    "terminationGracePeriodSeconds",
                    "tolerations",
                    "topologySpreadConstraints",
                    "volumes");

    private static final Set<String> CONTAINER =
            Set.of(
                    "args",
                    "command",
                    "env",
                    "envFrom",
                    "image",
                    "imagePullPolicy",
                    "name",
                    "ports",
                    "resizePolicy",
                    "resources",
                    "securityContext",
                    "stdin",
                    "stdinOnce",
                    "terminationMessagePath",
                    "terminationMessagePolicy",
                    "tty",
                    "volumeMounts",
                    "workingDir");

    /** What those may have that run while the pod does. */
    private static final Set<String> LASTING =
            with(CONTAINER, "livenessProbe", "readinessProbe", "startupProbe", "lifecycle");

    private static final Set<String> SIDECAR = with(LASTING, "restartPolicy");

    private static final Set<String> PROBE =
            Set.of(
                    "exec",
                    "httpGet",
                    "tcpSocket",
                    "grpc",
                    "initialDelaySeconds",
                    "periodSeconds",
                    "timeoutSeconds",
                    "successThreshold",
                    "failureThreshold",
                    "terminationGracePeriodSeconds");

    private static final Set<String> HOOK = Set.of("exec", "httpGet", "tcpSocket", "sleep");

    private static final Set<String> POD_SECURITY =
            Set.of(
                    "runAsUser",
                    "runAsGroup",
                    "runAsNonRoot",
                    "seccompProfile",
                    "appArmorProfile",
                    "fsGroupChangePolicy",
                    "supplementalGroupsPolicy");

    private static final Set<String> CONTAINER_SECURITY =
            Set.of(
                    "runAsUser",
                    "runAsGroup",
                    "runAsNonRoot",
                    "privileged",
                    "readOnlyRootFilesystem",
                    "seccompProfile",
                    "appArmorProfile");

    /** Fields that say nothing as long as they have this value. */
    private static final Map<String, Json> HARMLESS =
            Map.of(
                    "hostUsers", Json.of(true),
                    "allowPrivilegeEscalation", Json.of(true),
                    "procMount", Json.of("Default"),
                    "mountPropagation", Json.of("None"),
                    "recursiveReadOnly", Json.of("Disabled"),
                    "divisor", Json.of("0"));

    private static final Set<String> VOLUMES =
            Set.of(
                    "emptyDir",
                    "hostPath",
                    "persistentVolumeClaim",
                    "configMap",
                    "secret",
                    "downwardAPI",
                    "projected");

    private static final Set<String> HOST_PATH_TYPES =
            Set.of(
                    "",
                    "DirectoryOrCreate",
                    "Directory",
                    "FileOrCreate",
                    "File",
                    "Socket",
                    "CharDevice",
                    "BlockDevice");

    private final String driver;

    /**
     * @param driver the name of the driver that would run the pod
     */
    Support(String driver) {
        this.driver = driver;
    }

    /** The first field that cannot be honoured, as a path in the Pod. */
    Optional<String> unsupported(KubeObject pod) {
        JsonObject spec = pod.spec();
        JsonObject security = spec.object("securityContext");
        Optional<String> found =
                unknown("spec", spec, POD)
                        .or(() -> oneOf("spec.dnsPolicy", spec.text("dnsPolicy"), DNS))
                        .or(() -> oneOf("spec.os.name", spec.text("os", "name"), LINUX))
                        .or(() -> unknown("spec.securityContext", security, POD_SECURITY))
                        .or(() -> profiles("spec.securityContext", security));
        List<JsonObject> volumes = spec.array("volumes").objects();
        for (int i = 0; found.isEmpty() && i < volumes.size(); i++) {
            found = volume("spec.volumes[" + i + "]", volumes.get(i));
        }
        List<JsonObject> containers = PodContainers.regular(pod);
        for (int i = 0; found.isEmpty() && i < containers.size(); i++) {
            found = container("spec.containers[" + i + "]", containers.get(i), LASTING, security);
        }
        List<JsonObject> init = PodContainers.init(pod);
        for (int i = 0; found.isEmpty() && i < init.size(); i++) {
            Set<String> known = PodContainers.isSidecar(init.get(i)) ? SIDECAR : CONTAINER;
            found = container("spec.initContainers[" + i + "]", init.get(i), known, security);
        }
        return found;
    }

    private static final Set<String> DNS =
            Set.of("", "Default", "ClusterFirst", "ClusterFirstWithHostNet");
    private static final Set<String> LINUX = Set.of("", "linux");

    private Optional<String> container(
            String path, JsonObject container, Set<String> known, JsonObject podSecurity) {
        JsonObject security = container.object("securityContext");
        String securityPath = path + ".securityContext";
        return unknown(path, container, known)
                .or(() -> handlers(path, container))
                .or(() -> unknown(securityPath, security, CONTAINER_SECURITY))
                .or(() -> profiles(securityPath, security))
                .or(() -> user(securityPath, security, podSecurity))
                .or(() -> resources(path + ".resources", container.object("resources")))
                .or(
                        () ->
                                each(
                                        path + ".volumeMounts",
                                        container.array("volumeMounts"),
                                        Set.of("name", "mountPath", "readOnly")))
                .or(
                        () ->
                                each(
                                        path + ".ports",
                                        container.array("ports"),
                                        Set.of(
                                                "name",
                                                "containerPort",
                                                "hostPort",
                                                "hostIP",
                                                "protocol")))
                .or(
                        () ->
                                each(
                                        path + ".envFrom",
                                        container.array("envFrom"),
                                        Set.of("prefix", "configMapRef", "secretRef")))
                .or(() -> env(path + ".env", container.array("env").objects()));
    }

    private static Set<String> with(Set<String> some, String... others) {
        Set<String> all = new HashSet<>(some);
        all.addAll(List.of(others));
        return Set.copyOf(all);
    }

    private static Optional<String> handlers(String path, JsonObject container) {
        Optional<String> found =
                unknown(
                        path + ".lifecycle",
                        container.object("lifecycle"),
                        Set.of("postStart", "preStop"));
        for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
            String here = path + "." + probe;
            found = found.or(() -> handler(here, container.object(probe), PROBE));
        }
        for (String hook : List.of("postStart", "preStop")) {
            String here = path + ".lifecycle." + hook;
            found = found.or(() -> handler(here, container.object("lifecycle", hook), HOOK));
        }
        return found;
    }

    private static Optional<String> handler(String path, JsonObject handler, Set<String> known) {
        return unknown(path, handler, known)
                .or(() -> unknown(path + ".exec", handler.object("exec"), Set.of("command")))
                .or(
                        () ->
                                unknown(
                                        path + ".httpGet",
                                        handler.object("httpGet"),
                                        Set.of("scheme", "host", "port", "path", "httpHeaders")))
                .or(
                        () ->
                                unknown(
                                        path + ".tcpSocket",
                                        handler.object("tcpSocket"),
                                        Set.of("host", "port")))
                .or(
                        () ->
                                unknown(
                                        path + ".grpc",
                                        handler.object("grpc"),
                                        Set.of("port", "service")))
                .or(() -> unknown(path + ".sleep", handler.object("sleep"), Set.of("seconds")));
    }

    private Optional<String> env(String path, List<JsonObject> env) {
        for (int i = 0; i < env.size(); i++) {
            String here = path + "[" + i + "]";
            JsonObject from = env.get(i).object("valueFrom");
            Optional<String> found =
                    unknown(here, env.get(i), Set.of("name", "value", "valueFrom"))
                            .or(
                                    () ->
                                            unknown(
                                                    here + ".valueFrom",
                                                    from,
                                                    Set.of(
                                                            "fieldRef",
                                                            "configMapKeyRef",
                                                            "secretKeyRef")));
            if (found.isPresent()) {
                return found;
            }
            if (from.has("fieldRef") && !PodFields.known(from.text("fieldRef", "fieldPath"))) {
                return Optional.of(here + ".valueFrom.fieldRef.fieldPath");
            }
        }
        return Optional.empty();
    }

    private Optional<String> volume(String path, JsonObject volume) {
        Optional<String> found = unknown(path, volume.without("name"), VOLUMES);
        if (found.isPresent()) {
            return found;
        }
        if (!dev.wayside.model.Names.isDnsLabel(volume.text("name"))) {
            return Optional.of(path + ".name");
        }
        Set<String> file = Set.of("name", "secretName", "items", "defaultMode", "optional");
        Set<String> downward = Set.of("items", "defaultMode");
        JsonArray sources = volume.array("projected", "sources");
        return unknown(path + ".emptyDir", volume.object("emptyDir"), Set.of())
                .or(
                        () ->
                                oneOf(
                                        path + ".hostPath.type",
                                        volume.text("hostPath", "type"),
                                        HOST_PATH_TYPES))
                .or(
                        () ->
                                unknown(
                                        path + ".persistentVolumeClaim",
                                        volume.object("persistentVolumeClaim"),
                                        Set.of("claimName", "readOnly")))
                .or(() -> unknown(path + ".configMap", volume.object("configMap"), file))
                .or(() -> unknown(path + ".secret", volume.object("secret"), file))
                .or(() -> unknown(path + ".downwardAPI", volume.object("downwardAPI"), downward))
                .or(() -> fields(path + ".downwardAPI", volume.object("downwardAPI")))
                .or(
                        () ->
                                each(
                                        path + ".projected.sources",
                                        sources,
                                        Set.of("configMap", "secret", "downwardAPI")))
                .or(
                        () ->
                                sources.objects().stream()
                                        .flatMap(
                                                source ->
                                                        fields(
                                                                path
                                                                        + ".projected.sources"
                                                                        + ".downwardAPI",
                                                                source.object("downwardAPI"))
                                                                .stream())
                                        .findFirst());
    }

    private static Optional<String> fields(String path, JsonObject downward) {
        boolean odd =
                downward.array("items").objects().stream()
                        .anyMatch(
                                item ->
                                        !PodFields.knownToVolumes(
                                                item.text("fieldRef", "fieldPath")));
        return odd ? Optional.of(path + ".items") : Optional.empty();
    }

    private static Optional<String> resources(String path, JsonObject resources) {
        return unknown(path, resources, Set.of("requests", "limits"))
                .or(
                        () ->
                                unknown(
                                        path + ".requests",
                                        resources.object("requests"),
                                        Set.of("cpu", "memory", "ephemeral-storage")))
                .or(
                        () ->
                                unknown(
                                        path + ".limits",
                                        resources.object("limits"),
                                        Set.of("cpu", "memory")));
    }

    /** Docker confines every container with its default profiles; other drivers have none. */
    private Optional<String> profiles(String path, JsonObject security) {
        Set<String> allowed =
                driver.equals("docker") && !security.flag("privileged")
                        ? Set.of("", "Unconfined", "RuntimeDefault")
                        : Set.of("", "Unconfined");
        return oneOf(
                        path + ".seccompProfile.type",
                        security.text("seccompProfile", "type"),
                        allowed)
                .or(
                        () ->
                                oneOf(
                                        path + ".appArmorProfile.type",
                                        security.text("appArmorProfile", "type"),
                                        allowed));
    }

    private static Optional<String> user(String path, JsonObject security, JsonObject podSecurity) {
        Optional<Json> user = security.get("runAsUser").or(() -> podSecurity.get("runAsUser"));
        boolean group = security.has("runAsGroup") || podSecurity.has("runAsGroup");
        boolean nonRoot =
                security.get("runAsNonRoot")
                        .or(() -> podSecurity.get("runAsNonRoot"))
                        .filter(Json.of(true)::equals)
                        .isPresent();
        // Which user an image names is not known here, so that without a number neither can be
        // kept.
        if (user.isEmpty() && group) {
            return Optional.of(path + ".runAsGroup (without runAsUser)");
        }
        if (nonRoot && (user.isEmpty() || user.get().equals(Json.of(0)))) {
            return Optional.of(path + ".runAsNonRoot (without a runAsUser other than 0)");
        }
        return Optional.empty();
    }

    private static Optional<String> each(String path, JsonArray items, Set<String> known) {
        List<JsonObject> objects = items.objects();
        for (int i = 0; i < objects.size(); i++) {
            Optional<String> found = unknown(path + "[" + i + "]", objects.get(i), known);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> oneOf(String path, String value, Set<String> known) {
        return known.contains(value) ? Optional.empty() : Optional.of(path + " " + value);
    }

    private static Optional<String> unknown(String path, JsonObject object, Set<String> known) {
        return object.members().entrySet().stream()
                .filter(member -> !known.contains(member.getKey()))
                .filter(member -> !saysNothing(member.getKey(), member.getValue()))
                .map(member -> path + "." + member.getKey())
                .findFirst();
    }

    private static boolean saysNothing(String name, Json value) {
        return value.equals(JsonNull.INSTANCE)
                || value.equals(JsonArray.EMPTY)
                || value.equals(JsonObject.EMPTY)
                || value.equals(Json.of(""))
                || (value.equals(Json.of(false))
                        && !name.equals("hostUsers")
                        && !name.equals("allowPrivilegeEscalation"))
                || value.equals(HARMLESS.get(name));
    }
}
