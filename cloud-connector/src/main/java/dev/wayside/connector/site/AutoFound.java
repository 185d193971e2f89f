// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.site;

import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.Names;
import dev.wayside.model.OwnerReference;
import dev.wayside.model.ResourceType;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The units that a group finds by itself: one for each set of values that nodes carry under all of
 * the group's {@code autoFindNodeKeys}, named by the values in the order of the keys ({@code
 * v1-v2}), or by their SHA-1 where that is no name. Pure.
 *
 * <p>Such a unit is owned by the groups that found it and goes with the last of them; not with its
 * last node, for a gateway that is replaced comes back.
 */
final class AutoFound {
    static final String KEYS_HASH = "site.superedge.io/node-group-auto-keys-hash";
    private static final int LONGEST = 63;

    private AutoFound() {}

    /** The unit that the group finds in a node; empty if the node lacks one of the keys. */
    static Optional<KubeObject> unit(KubeObject group, Map<String, String> nodeLabels) {
        List<String> keys = group.spec().array("autoFindNodeKeys").strings();
        if (keys.isEmpty() || !nodeLabels.keySet().containsAll(keys)) {
            return Optional.empty();
        }
        SortedMap<String, String> labels = new TreeMap<>();
        keys.forEach(key -> labels.put(key, nodeLabels.get(key)));
        JsonObject spec =
                JsonObject.builder()
                        .put("type", "edge")
                        .put("selector", JsonObject.of("matchLabels", JsonObject.ofStrings(labels)))
                        .build();
        return Optional.of(
                KubeObject.of(ResourceType.NODE_UNITS, "", name(String.join("-", labels.values())))
                        .withLabels(Map.of(KEYS_HASH, hash(group)))
                        .withMetadata("ownerReferences", JsonArray.of(owner(group)))
                        .withSpec(spec));
    }

    private static String name(String values) {
        return values.length() <= LONGEST && Names.isDnsLabel(values) ? values : sha1(values);
    }

    static boolean isOf(KubeObject group, KubeObject unit) {
        return !group.spec().array("autoFindNodeKeys").isEmpty()
                && hash(group).equals(unit.labels().get(KEYS_HASH));
    }

    /** One that is there, with the group among its owners. */
    static KubeObject ownedBy(KubeObject group, KubeObject unit) {
        boolean there = unit.owners().stream().anyMatch(each -> each.uid().equals(group.uid()));
        return there
                ? unit
                : unit.withMetadata(
                        "ownerReferences",
                        unit.metadata().array("ownerReferences").plus(owner(group)));
    }

    private static Json owner(KubeObject group) {
        OwnerReference controller = OwnerReference.controllerOf(group);
        return controller.toJson().without("controller").without("blockOwnerDeletion");
    }

    private static String hash(KubeObject group) {
        return sha1(
                String.join(
                        ",",
                        group.spec().array("autoFindNodeKeys").strings().stream()
                                .distinct()
                                .sorted()
                                .toList()));
    }

    private static String sha1(String text) {
        try {
            // For names that others chose; nothing relies on its strength.
            MessageDigest digest = MessageDigest.getInstance("SHA-1");
            return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }
}
