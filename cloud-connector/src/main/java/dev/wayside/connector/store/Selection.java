// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.connector.schema.KindDefinition;
import dev.wayside.model.FieldSelector;
import dev.wayside.model.LabelSelector;
import dev.wayside.model.ObjectKey;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which objects of a kind are meant.
 *
 * @param namespace {@code ""} for all
 */
record Selection(String namespace, LabelSelector labels, FieldSelector fields) {
    private static final Set<String> OF_EVERY_KIND = Set.of("metadata.name", "metadata.namespace");

    /**
     * @throws ApiException BadRequest if the kind has no such field
     */
    static Selection of(
            KindDefinition kind, String namespace, LabelSelector labels, FieldSelector fields) {
        for (FieldSelector.Term term : fields.terms()) {
            if (!OF_EVERY_KIND.contains(term.field())
                    && !kind.selectableFields().contains(term.field())) {
                throw new ApiException(
                        ApiException.Reason.BAD_REQUEST,
                        "Unable to find \""
                                + kind.type().qualified()
                                + "\" that match label selector \""
                                + labels
                                + "\", field selector \""
                                + fields
                                + "\": field label not supported: "
                                + term.field(),
                        kind.type().group(),
                        kind.type().plural(),
                        "",
                        List.of());
            }
        }
        return new Selection(kind.type().namespaced() ? namespace : "", labels, fields);
    }

    boolean isEverything() {
        return labels.isEmpty() && fields.isEmpty();
    }

    /** Whether an object that is meant stays meant as long as it exists. */
    boolean isFixed() {
        return labels.isEmpty()
                && fields.terms().stream().allMatch(term -> OF_EVERY_KIND.contains(term.field()));
    }

    /** Whether an object that is meant stays meant as long as it exists and stays on its node. */
    boolean isFixedButForTheNode() {
        return labels.isEmpty()
                && fields.terms().stream()
                        .map(FieldSelector.Term::field)
                        .allMatch(
                                field ->
                                        OF_EVERY_KIND.contains(field) || field.equals(Facets.NODE));
    }

    /** The one name that an object must have. */
    Optional<String> name() {
        return fields.required(Facets.NAME);
    }

    Optional<String> node() {
        return fields.required(Facets.NODE);
    }

    /** The namespace that an object must have, {@code ""} if any will do. */
    String requiredNamespace() {
        return namespace.isEmpty() ? fields.required("metadata.namespace").orElse("") : namespace;
    }

    boolean matches(Stored stored) {
        ObjectKey key = stored.key();
        if (!namespace.isEmpty() && !namespace.equals(key.namespace())) {
            return false;
        }
        if (labels.isEmpty() && fields.isEmpty()) {
            return true;
        }
        return fields.matches(field -> field(stored, field))
                && (labels.isEmpty() || labels.matches(stored.facets().labels()));
    }

    private static String field(Stored stored, String field) {
        return switch (field) {
            case "metadata.name" -> stored.key().name();
            case "metadata.namespace" -> stored.key().namespace();
            default -> stored.facets().field(field);
        };
    }
}
