// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.docker;

import dev.wayside.api.driver.DriverException;
import dev.wayside.api.driver.PullPolicy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The images that pods ask for. */
final class Images {
    private static final Duration PULL = Duration.ofMinutes(30);
    private static final Duration SILENCE = Duration.ofMinutes(2);
    private static final int MAX_NAME = 1024;

    private static final String COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
    private static final Pattern REFERENCE =
            Pattern.compile(
                    "(?<repository>(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?"
                            + COMPONENT
                            + "(?:/"
                            + COMPONENT
                            + ")*)"
                            + "(?::(?<tag>[\\w][\\w.-]{0,127}))?"
                            + "(?:@(?<digest>[a-z0-9]+:[0-9a-f]{32,128}))?");

    private final DockerApi api;

    Images(DockerApi api) {
        this.api = api;
    }

    void ensure(String image, PullPolicy policy) throws DriverException {
        Matcher reference = REFERENCE.matcher(image);
        if (image.length() > MAX_NAME || !reference.matches()) {
            throw Failures.refused("InvalidImageName", "\"" + image + "\" is no image name");
        }
        if (policy != PullPolicy.ALWAYS) {
            DockerApi.Reply found = api.get("/images/" + image + "/json");
            if (found.good()) {
                return;
            }
            if (found.status() != 404) {
                throw DockerApi.unexpected("looking for image " + image, found);
            }
            if (policy == PullPolicy.NEVER) {
                throw Failures.refused(
                        "ErrImageNeverPull",
                        "image " + image + " is not on this device and its pull policy is Never");
            }
        }
        pull(image, reference);
    }

    private void pull(String image, Matcher reference) throws DriverException {
        String digest = reference.group("digest");
        String tag = reference.group("tag");
        // Without a tag the engine would fetch them all.
        String which = digest != null ? digest : tag != null ? tag : "latest";
        AtomicReference<@Nullable String> error = new AtomicReference<>();
        DockerApi.Reply reply =
                api.stream(
                        "/images/create?fromImage="
                                + DockerApi.encode(reference.group("repository"))
                                + "&tag="
                                + DockerApi.encode(which),
                        "",
                        new byte[0],
                        PULL,
                        SILENCE,
                        line -> line.string("error").ifPresent(error::set));
        if (reply.status() == 400) {
            throw Failures.refused("InvalidImageName", image + ": " + reply.message());
        }
        String message = reply.good() ? error.get() : reply.message();
        if (message != null) {
            throw Failures.unavailable("ErrImagePull", "pulling " + image + ": " + message);
        }
    }
}
