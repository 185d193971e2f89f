// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.store;

import dev.wayside.model.ObjectKey;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A request that is refused, in the words of Kubernetes' {@code Status}. The message says what,
 * which, and what would help.
 */
public final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Kubernetes' reasons, with their HTTP status. */
    public enum Reason {
        BAD_REQUEST(400, "BadRequest"),
        UNAUTHORIZED(401, "Unauthorized"),
        FORBIDDEN(403, "Forbidden"),
        NOT_FOUND(404, "NotFound"),
        METHOD_NOT_ALLOWED(405, "MethodNotAllowed"),
        NOT_ACCEPTABLE(406, "NotAcceptable"),
        ALREADY_EXISTS(409, "AlreadyExists"),
        CONFLICT(409, "Conflict"),
        GONE(410, "Gone"),
        EXPIRED(410, "Expired"),
        TOO_LARGE(413, "RequestEntityTooLarge"),
        UNSUPPORTED_MEDIA_TYPE(415, "UnsupportedMediaType"),
        INVALID(422, "Invalid"),
        TOO_MANY_REQUESTS(429, "TooManyRequests"),
        INTERNAL(500, "InternalError"),
        UNAVAILABLE(503, "ServiceUnavailable"),
        TIMEOUT(504, "Timeout"),
        INSUFFICIENT_STORAGE(507, "InsufficientStorage");

        private final int code;
        private final String word;

        Reason(int code, String word) {
            this.code = code;
            this.word = word;
        }

        public int code() {
            return code;
        }

        public String word() {
            return word;
        }
    }

    /**
     * One cause.
     *
     * @param reason Kubernetes' cause type, for instance {@code FieldValueInvalid}
     * @param field for instance {@code spec.replicas}; {@code ""} for none
     */
    public record Cause(String reason, String message, String field)
            implements java.io.Serializable {
        private static final long serialVersionUID = 1L;
    }

    private final Reason reason;
    private final String group;
    private final String kind;
    private final String name;
    private final List<Cause> causes;

    /**
     * @param group of the object, {@code ""} for core
     * @param kind the kind for Invalid, else the plural, as Kubernetes has it; {@code ""} for none
     * @param name {@code ""} for none
     */
    public ApiException(
            Reason reason,
            String message,
            String group,
            String kind,
            String name,
            List<Cause> causes) {
        super(message);
        this.reason = reason;
        this.group = group;
        this.kind = kind;
        this.name = name;
        this.causes = List.copyOf(causes);
    }

    public ApiException(Reason reason, String message) {
        this(reason, message, "", "", "", List.of());
    }

    public Reason reason() {
        return reason;
    }

    public String group() {
        return group;
    }

    public String kind() {
        return kind;
    }

    public String name() {
        return name;
    }

    public List<Cause> causes() {
        return causes;
    }

    public static ApiException notFound(ObjectKey key) {
        return about(Reason.NOT_FOUND, key, " not found");
    }

    public static ApiException alreadyExists(ObjectKey key) {
        return about(Reason.ALREADY_EXISTS, key, " already exists");
    }

    /**
     * @param why for instance that the object has been modified
     */
    public static ApiException conflict(ObjectKey key, String why) {
        String resource = key.resource();
        return new ApiException(
                Reason.CONFLICT,
                "Operation cannot be fulfilled on " + resource + " \"" + key.name() + "\": " + why,
                groupOf(resource),
                pluralOf(resource),
                key.name(),
                List.of());
    }

    /**
     * @param qualifiedKind for instance {@code Deployment.apps} or {@code Pod}
     */
    public static ApiException invalid(String qualifiedKind, String name, List<Cause> causes) {
        String list =
                causes.stream()
                        .map(cause -> cause.field() + ": " + cause.message())
                        .collect(Collectors.joining(", "));
        return new ApiException(
                Reason.INVALID,
                qualifiedKind
                        + " \""
                        + name
                        + "\" is invalid: "
                        + (causes.size() == 1 ? list : "[" + list + "]"),
                groupOf(qualifiedKind),
                pluralOf(qualifiedKind),
                name,
                causes);
    }

    private static ApiException about(Reason reason, ObjectKey key, String what) {
        return new ApiException(
                reason,
                key.resource() + " \"" + key.name() + "\"" + what,
                groupOf(key.resource()),
                pluralOf(key.resource()),
                key.name(),
                List.of());
    }

    private static String groupOf(String qualified) {
        int dot = qualified.indexOf('.');
        return dot < 0 ? "" : qualified.substring(dot + 1);
    }

    private static String pluralOf(String qualified) {
        int dot = qualified.indexOf('.');
        return dot < 0 ? qualified : qualified.substring(0, dot);
    }
}
