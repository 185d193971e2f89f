// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.workload;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.NodeAffinity;
import dev.wayside.model.Quantity;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which volume a claim may have, and which it could be made. The scheduler and the controller of
 * volumes ask the same questions, so that what one waits for the other does. Pure.
 */
public final class VolumeMatch {
    public static final String BOUND = "pv.kubernetes.io/bind-completed";
    public static final String SELECTED_NODE = "volume.kubernetes.io/selected-node";

    /** Where, on the gateway, a class has its volumes; without it, where volumes are by default. */
    public static final String PATH = "path";

    private static final String OLD_CLASS = "volume.beta.kubernetes.io/storage-class";
    private static final String IS_DEFAULT = "storageclass.kubernetes.io/is-default-class";
    private static final Set<String> MODES = Set.of("ReadWriteOnce", "ReadWriteOncePod");

    private VolumeMatch() {}

    /** The class that a claim names; empty if it leaves the choice to the default. */
    public static Optional<String> className(KubeObject claim) {
        return claim.annotation(OLD_CLASS).or(() -> claim.spec().string("storageClassName"));
    }

    /** The class that a volume is of, {@code ""} for none. */
    public static String classOf(KubeObject volume) {
        return volume.annotation(OLD_CLASS).orElseGet(() -> volume.spec().text("storageClassName"));
    }

    /** The newest that says so, as in Kubernetes. */
    public static Optional<KubeObject> defaultClass(Collection<KubeObject> classes) {
        return classes.stream()
                .filter(each -> each.annotation(IS_DEFAULT).orElse("").equals("true"))
                .filter(each -> each.deleted().isEmpty())
                .max(
                        Comparator.comparing(
                                        (KubeObject each) ->
                                                each.created().orElse(java.time.Instant.MIN))
                                .thenComparing(KubeObject::name, Comparator.reverseOrder()));
    }

    /** Whether the claim has its volume, by its own word. */
    public static boolean isBound(KubeObject claim) {
        return !claim.spec().text("volumeName").isEmpty() && claim.annotation(BOUND).isPresent();
    }

    /** Whether the volume is promised to this claim, or to one of its name. */
    public static boolean isFor(KubeObject volume, KubeObject claim) {
        JsonObject reference = volume.spec().object("claimRef");
        String uid = reference.text("uid");
        return reference.text("name").equals(claim.name())
                && reference.text("namespace").equals(claim.namespace())
                && (uid.isEmpty() || uid.equals(claim.uid()));
    }

    public static boolean isWaitingForConsumer(KubeObject storageClass) {
        return storageClass.json().text("volumeBindingMode").equals("WaitForFirstConsumer");
    }

    /** Why the volume does not do for the claim, in Kubernetes' words; empty if it does. */
    public static Optional<String> against(KubeObject volume, KubeObject claim) {
        if (size(volume).compareTo(request(claim)) < 0) {
            return Optional.of("requested PV is too small");
        }
        if (!VolumeMatch.classOf(volume).equals(className(claim).orElse(""))) {
            return Optional.of("storageClassName does not match");
        }
        if (!volume.spec().text("volumeMode").equals(claim.spec().text("volumeMode"))) {
            return Optional.of("incompatible volumeMode");
        }
        if (!new HashSet<>(volume.spec().array("accessModes").strings())
                .containsAll(claim.spec().array("accessModes").strings())) {
            return Optional.of("incompatible accessMode");
        }
        return isUsable(volume)
                ? Optional.empty()
                : Optional.of(
                        "only local and hostPath volumes with nodeAffinity to one"
                                + " kubernetes.io/hostname can be used");
    }

    /** Whether a gateway can mount it: it must be on exactly one. */
    public static boolean isUsable(KubeObject volume) {
        return (volume.spec().has("local") || volume.spec().has("hostPath"))
                && !LocalVolumes.node(volume).isEmpty();
    }

    /** The smallest of the volumes that does; those that were promised to the claim go first. */
    public static Optional<KubeObject> best(Collection<KubeObject> volumes, KubeObject claim) {
        Optional<LabelSelector> selector = selector(claim);
        return volumes.stream()
                .filter(volume -> volume.deleted().isEmpty())
                .filter(volume -> !volume.spec().has("claimRef") || isFor(volume, claim))
                .filter(
                        volume ->
                                isFor(volume, claim)
                                        || (selector.isPresent()
                                                && selector.get().matches(volume.labels())))
                .filter(volume -> against(volume, claim).isEmpty())
                .min(
                        Comparator.comparing((KubeObject volume) -> !isFor(volume, claim))
                                .thenComparing(VolumeMatch::size)
                                .thenComparing(KubeObject::name));
    }

    private static Optional<LabelSelector> selector(KubeObject claim) {
        try {
            return Optional.of(
                    claim.spec().has("selector")
                            ? LabelSelector.of(claim.spec().object("selector"))
                            : LabelSelector.EVERYTHING);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Quantity size(KubeObject volume) {
        return Quantity.of(volume.spec().object("capacity"), "storage");
    }

    private static Quantity request(KubeObject claim) {
        return Quantity.of(claim.spec().object("resources", "requests"), "storage");
    }

    /** Whether the class has its volumes made here. */
    public static boolean isOurs(KubeObject storageClass) {
        return storageClass.json().text("provisioner").equals(LocalVolumes.PROVISIONER);
    }

    /** Why no volume can be made for the claim by a class of ours; empty if one can. */
    public static Optional<String> unprovisionable(KubeObject claim, KubeObject storageClass) {
        JsonObject json = storageClass.json();
        if (!isWaitingForConsumer(storageClass)) {
            return Optional.of(
                    "a folder is made on the gateway of its first pod: the class needs"
                            + " volumeBindingMode WaitForFirstConsumer");
        }
        if (!json.array("mountOptions").isEmpty()) {
            return Optional.of("a folder has no mountOptions");
        }
        for (String parameter : json.object("parameters").members().keySet()) {
            if (!parameter.equals(PATH)) {
                return Optional.of("unknown parameter \"" + parameter + "\" of the class");
            }
        }
        String path = json.text("parameters", PATH);
        if (!path.isEmpty()
                && (!path.matches("/[^\\x00]*[^/\\x00]")
                        || List.of(path.split("/")).contains(".."))) {
            return Optional.of("parameter path must be absolute, without '..' and trailing '/'");
        }
        if (claim.spec().has("selector")) {
            return Optional.of("claim.Spec.Selector is not supported for dynamic provisioning");
        }
        if (claim.spec().has("dataSource") || claim.spec().has("dataSourceRef")) {
            return Optional.of("a folder begins empty: dataSource is not supported");
        }
        if (claim.spec().text("volumeMode").equals("Block")) {
            return Optional.of("a folder cannot have volumeMode Block");
        }
        return MODES.containsAll(claim.spec().array("accessModes").strings())
                ? Optional.empty()
                : Optional.of(
                        "a folder of one gateway can be ReadWriteOnce or ReadWriteOncePod only");
    }

    /** Whether the volume may be used on the node. */
    public static boolean isReachable(KubeObject volume, KubeObject node) {
        JsonObject affinity = volume.spec().object("nodeAffinity");
        return !affinity.has("required") || NodeAffinity.selects(affinity.object("required"), node);
    }

    /** Whether the class allows volumes on the node. */
    public static boolean isAllowed(KubeObject storageClass, KubeObject node) {
        JsonArray topologies = storageClass.json().array("allowedTopologies");
        return topologies.isEmpty()
                || topologies.objects().stream()
                        .anyMatch(
                                term ->
                                        term.array("matchLabelExpressions").objects().stream()
                                                .allMatch(each -> isAmong(each, node)));
    }

    private static boolean isAmong(JsonObject expression, KubeObject node) {
        String value = node.labels().get(expression.text("key"));
        return value != null && expression.array("values").strings().contains(value);
    }
}
