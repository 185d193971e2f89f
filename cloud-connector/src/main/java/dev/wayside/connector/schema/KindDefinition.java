// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.connector.apply.Shape;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All that the API needs to know of one kind. Pure: it reads and returns objects and touches
 * nothing else. Safe for any thread. Built-in kinds come from the type table; custom kinds come
 * from their CustomResourceDefinitions, one for each version.
 */
public interface KindDefinition {

    ResourceType type();

    /**
     * Whether objects of the kind are kept. Those that are not can only be created, and are gone
     * with the answer: reviews.
     */
    default boolean stored() {
        return true;
    }

    /** For instance {@code pod}. */
    String singular();

    /** For instance {@code po}. */
    List<String> shortNames();

    /** For instance {@code all}. */
    List<String> categories();

    /**
     * Of {@code status}, {@code scale}, {@code approval}, {@code binding}, {@code eviction}, {@code
     * token}.
     */
    Set<String> subresources();

    /**
     * Whether a change of anything but metadata and status counts up {@code metadata.generation}.
     */
    boolean countsGenerations();

    /**
     * Whether writes are acknowledged before they are synced (Leases: kept in memory, saved in
     * batches).
     */
    boolean lazy();

    /**
     * How many seconds a deleted object of this kind waits for its gateway to confirm; 0 for none.
     */
    long deletionGraceSeconds(KubeObject object);

    /** Fills in defaults. */
    KubeObject withDefaults(KubeObject object);

    /**
     * What of an object stays when a replacement leaves it out, because the system gave it.
     *
     * @param after with defaults
     */
    default KubeObject keeping(KubeObject before, KubeObject after) {
        return after;
    }

    /** Whether {@link #allotted} has something to give. */
    default boolean allots() {
        return false;
    }

    /**
     * Gives an object that is written what no two objects of its kind may share.
     *
     * @param before what the object was; null for a new one
     * @param others all other objects of the kind, of which none is written meanwhile
     */
    default Allotted allotted(
            @Nullable KubeObject before, KubeObject object, Collection<KubeObject> others) {
        return new Allotted(object, List.of());
    }

    /** What is wrong with a new object (defaults filled in); empty if nothing is. */
    List<FieldError> validateCreate(KubeObject object);

    /**
     * What is wrong with a replacement, immutable fields among it. {@code subresource} is {@code
     * ""} for the object itself.
     */
    List<FieldError> validateUpdate(KubeObject before, KubeObject after, String subresource);

    /**
     * What strict decoding says of fields that the kind does not have, for instance {@code unknown
     * field "spec.replica"}.
     */
    List<String> unknownFields(JsonObject object);

    /**
     * What decoding says of values of the wrong JSON type, in the words of Kubernetes, for instance
     * {@code json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of
     * type int32}; empty if they are right.
     */
    Optional<String> wrongType(JsonObject object);

    /** Without the fields that the kind does not have. */
    JsonObject pruned(JsonObject object);

    /**
     * A strategic merge with all its directives.
     *
     * @throws IllegalArgumentException if the patch is malformed
     */
    JsonObject strategicMerge(JsonObject current, JsonObject patch);

    /** Whether {@link #strategicMerge} is there; custom kinds have only merge patches. */
    boolean hasStrategicMerge();

    /**
     * How server-side apply divides objects of this kind among their owners. By default as where no
     * schema is known: objects by member, all else as a whole. Custom kinds have {@link
     * dev.wayside.connector.apply.SchemaShape#ofObject}.
     */
    default Shape shape() {
        return Shape.FREE;
    }

    /** The fields that a field selector may name. */
    Set<String> selectableFields();

    /** A selectable field's value, {@code ""} if not set. */
    String field(KubeObject object, String field);

    /**
     * The object that this kind lives by: without it there is no such kind, and while it is being
     * deleted no new objects are taken. Empty for the kinds that are always there.
     */
    default Optional<ObjectKey> definition() {
        return Optional.empty();
    }

    /** What a list of this kind is called. */
    default String listKind() {
        return type().kind() + "List";
    }

    /** A stored object as this version of the kind shows it. */
    default KubeObject converted(KubeObject stored) {
        return stored;
    }

    /**
     * An object of this version as it is stored; the reverse of {@link #converted}.
     *
     * @param apiVersion of the version that is stored
     */
    default KubeObject unconverted(KubeObject object, String apiVersion) {
        return object.apiVersion().equals(apiVersion)
                ? object
                : object.with("apiVersion", dev.wayside.model.Json.of(apiVersion));
    }

    /** An object that is marked for deletion just now, with what the kind adds to that. */
    default KubeObject markedForDeletion(KubeObject object) {
        return object;
    }

    /** Where the subresource {@code scale} reads and writes. */
    default ScalePaths scalePaths() {
        return ScalePaths.OF_WORKLOADS;
    }

    /** What everyone who uses this version of the kind is to be told. */
    default List<String> warnings() {
        return List.of();
    }

    /** What a user who has written this object is to be told. */
    default List<String> warnings(KubeObject written) {
        return List.of();
    }

    /** The columns of {@code kubectl get}. */
    List<Column> columns();

    /** The cells of one row, as many as there are columns. */
    List<dev.wayside.model.Json> cells(KubeObject object, java.time.Instant now);

    /** The OpenAPI v3 schemas of this kind and of all that it refers to, by component name. */
    java.util.Map<String, JsonObject> openApiSchemas();

    /** The component name of the kind itself in {@link #openApiSchemas}. */
    String openApiName();

    /**
     * Where {@code scale} finds its numbers, as names on the way from the object.
     *
     * @param selector of a label selector's text, or of a LabelSelector; empty for none
     */
    record ScalePaths(List<String> replicas, List<String> current, List<String> selector) {
        public static final ScalePaths OF_WORKLOADS =
                new ScalePaths(
                        List.of("spec", "replicas"),
                        List.of("status", "replicas"),
                        List.of("spec", "selector"));
    }

    /**
     * @param type for instance {@code string}
     * @param format for instance {@code name}; {@code ""} for none
     * @param priority 0 always, 1 with {@code -o wide}
     */
    record Column(String name, String type, String format, String description, int priority) {}

    /**
     * One thing that is wrong.
     *
     * @param reason Kubernetes' cause type: {@code FieldValueRequired}, {@code FieldValueInvalid},
     *     {@code FieldValueNotSupported}, {@code FieldValueForbidden} …
     * @param field for instance {@code spec.template.spec.containers[0].name}
     * @param message in Kubernetes' words, for instance {@code Required value} or {@code Invalid
     *     value: "X": must be …}
     */
    record FieldError(String reason, String field, String message) {}

    /**
     * @param errors why it could not be given
     */
    record Allotted(KubeObject object, List<FieldError> errors) {}
}
