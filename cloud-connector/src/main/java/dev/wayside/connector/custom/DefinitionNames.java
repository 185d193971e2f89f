// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.custom;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which names a definition may have: those that nobody in its group has. Who came first keeps them;
 * a name that is refused leaves the definition the one that it had.
 *
 * @param accepted for {@code status.acceptedNames}
 * @param conflict the reason of the condition, for instance {@code KindConflict}; {@code ""} if all
 *     names were accepted
 * @param message what the conflict is about
 */
record DefinitionNames(JsonObject accepted, String conflict, String message) {

    /**
     * @param others the other definitions
     * @param builtIn the kinds that are always there
     */
    static DefinitionNames of(
            KubeObject definition,
            Collection<KubeObject> others,
            Collection<KindDefinition> builtIn) {
        String group = definition.spec().text("group");
        Set<String> resources = new HashSet<>();
        Set<String> kinds = new HashSet<>();
        for (KindDefinition kind : builtIn) {
            if (kind.type().group().equals(group)) {
                resources.addAll(List.of(kind.type().plural(), kind.singular()));
                resources.addAll(kind.shortNames());
                kinds.addAll(List.of(kind.type().kind(), kind.listKind()));
            }
        }
        for (KubeObject other : others) {
            if (other.spec().text("group").equals(group)
                    && !other.name().equals(definition.name())) {
                JsonObject names = other.status().object("acceptedNames");
                resources.addAll(List.of(names.text("plural"), names.text("singular")));
                resources.addAll(names.array("shortNames").strings());
                kinds.addAll(List.of(names.text("kind"), names.text("listKind")));
            }
        }
        resources.remove("");
        kinds.remove("");
        return new Judgement(definition, resources, kinds).names();
    }

    boolean areAccepted() {
        return conflict.isEmpty();
    }

    private static final class Judgement {
        private final JsonObject wanted;
        private final JsonObject had;
        private final Set<String> resources;
        private final Set<String> kinds;
        private final JsonObject.Builder accepted;
        private String conflict = "";
        private String message = "";

        Judgement(KubeObject definition, Set<String> resources, Set<String> kinds) {
            this.wanted = definition.spec().object("names");
            this.had = definition.status().object("acceptedNames");
            this.resources = resources;
            this.kinds = kinds;
            this.accepted = had.toBuilder();
        }

        DefinitionNames names() {
            single("plural", resources, "PluralConflict");
            single("singular", resources, "SingularConflict");
            JsonArray shortNames = wanted.array("shortNames");
            Optional<String> taken =
                    shortNames.strings().stream().filter(resources::contains).findFirst();
            if (taken.isPresent()) {
                refuse("ShortNamesConflict", taken.get());
            } else {
                accepted.remove("shortNames").putUnlessEmpty("shortNames", shortNames);
            }
            single("kind", kinds, "KindConflict");
            single("listKind", kinds, "ListKindConflict");
            accepted.remove("categories").putUnlessEmpty("categories", wanted.array("categories"));
            return new DefinitionNames(accepted.build(), conflict, message);
        }

        private void single(String field, Set<String> taken, String reason) {
            String name = wanted.text(field);
            if (taken.contains(name) && !had.text(field).equals(name)) {
                refuse(reason, name);
            } else {
                accepted.remove(field).put(field, name);
            }
        }

        private void refuse(String reason, String name) {
            conflict = reason;
            message = "\"" + name + "\" is already in use";
        }
    }
}
