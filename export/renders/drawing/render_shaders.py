"""GLSL of the renders: lit surfaces with a shadow, depth alone, and the background."""

from __future__ import annotations

SURFACE_VERTEX = """
#version 330
in vec3 position;
in vec3 normal;
in vec2 uv;
in vec4 hairy;   // beard, moustache, goatee, scalp
in vec4 surface; // cloth, lips, eyelid, ambient light
uniform mat4 clip;
uniform mat4 shadow;
out vec3 at;
out vec3 toward;
out vec2 texel;
out vec4 hairs;
out vec4 kinds;
out vec3 shade;
void main() {
    gl_Position = clip * vec4(position, 1.0);
    at = position;
    toward = normal;
    texel = uv;
    hairs = hairy;
    kinds = surface;
    shade = (shadow * vec4(position, 1.0)).xyz * 0.5 + 0.5;
}
"""

_SURFACE_FRAGMENT = """
#version 330
in vec3 at;
in vec3 toward;
in vec2 texel;
in vec4 hairs;
in vec4 kinds;
in vec3 shade;
uniform sampler2D picture;
uniform sampler2D noise;
uniform sampler2DShadow shadows;
uniform vec3 harmonics[9];
uniform vec3 lamp;
uniform vec3 lamp_colour;
uniform vec3 eye;         // of the camera
uniform vec3 tint;        // of the picture, or the colour itself
uniform float recolour;   // 0: tint times the picture, 1: tint times its brightness
uniform float shine;
uniform float gloss;
uniform float opacity;
uniform float soft;       // light that passes below the skin
#ifdef HOLES
uniform vec4 cut;         // plane: what lies beyond is left out
#endif
#ifdef SKIN
uniform float bumps;
uniform vec4 beard;       // strength of beard, moustache, goatee, cropped hair
uniform vec3 beard_colour;
uniform vec4 cloth;       // colour, strength
uniform vec4 lipstick;
uniform vec4 eyeshadow;
#endif
out vec4 colour;

// Gamma is taken as 2: a square and a root cost a tenth of powers.
vec3 irradiance(vec3 n) {
    vec3 e = harmonics[0] + harmonics[1] * n.y + harmonics[2] * n.z
        + harmonics[3] * n.x + harmonics[4] * (n.x * n.y) + harmonics[5] * (n.y * n.z)
        + harmonics[7] * (n.x * n.z) + harmonics[6] * (3.0 * n.z * n.z - 1.0)
        + harmonics[8] * (n.x * n.x - n.y * n.y);
    return max(e, vec3(0.0));
}

void main() {
    vec4 c = texture(picture, texel);
#ifdef HOLES
    if (dot(cut.xyz, at) > cut.w || c.a < 0.25) discard;
#endif
    vec3 n = normalize(gl_FrontFacing ? toward : -toward);
    vec3 albedo = c.rgb * c.rgb;
    albedo = mix(albedo, vec3(dot(albedo, vec3(0.3, 0.59, 0.11))), recolour) * tint;
    float shiny = shine;
#ifdef SKIN
    vec4 coarse = texture(noise, texel * 4.0);
    vec4 grain = texture(noise, texel * 12.0);
    // Wrinkles and pores: the noise is a height, its slope tilts the normal.
    float h = (0.5 * grain.r + coarse.g) * bumps;
    vec3 dx = dFdx(at), dy = dFdy(at);
    vec3 r1 = cross(dy, n), r2 = cross(n, dx);
    float det = dot(dx, r1);
    n = normalize(abs(det) * n - sign(det) * (dFdx(h) * r1 + dFdy(h) * r2));
    albedo *= 0.9 + 0.2 * coarse.b;
    float hair = min(dot(hairs, beard), 1.0);
    hair = smoothstep(0.15, 0.85, hair * (0.45 + 1.1 * grain.a));
    albedo = mix(albedo, beard_colour * (0.5 + grain.a), hair);
    albedo = mix(albedo, lipstick.rgb, kinds.y * lipstick.a);
    albedo = mix(albedo, eyeshadow.rgb, kinds.z * eyeshadow.a);
    float dressed = smoothstep(0.45, 0.55, kinds.x) * cloth.a;
    albedo = mix(albedo, cloth.rgb * (0.75 + 0.5 * grain.g), dressed);
    shiny *= (1.0 - dressed) * (1.0 - hair) * (0.6 + 0.8 * grain.r) * (1.0 + kinds.y);
#endif
    vec3 view = normalize(eye - at);
    float facing = dot(n, lamp);
    float open = texture(shadows, vec3(shade.xy, shade.z - 0.006));
    vec3 bleed = vec3(0.35, 0.16, 0.1) * soft;
    vec3 wrap = clamp((vec3(facing) + bleed) / (1.0 + bleed), 0.0, 1.0);
    vec3 around = irradiance(n) * kinds.w;
    float edge = 1.0 - max(dot(n, view), 0.0);
    float fresnel = 0.04 + 0.96 * edge * edge * edge * edge;
    float near = dot(n, normalize(lamp + view)) - 1.0;
    float spark = exp2(1.44 * gloss * near) * (gloss + 8.0) / 25.0;
    vec3 result = albedo * (around + lamp_colour * wrap * open)
        + shiny * (lamp_colour * (spark * open * max(facing, 0.0) * (0.04 + fresnel))
        + around * (0.6 * fresnel));
    result = result / (1.0 + 0.18 * result);
#ifdef HOLES
    float alpha = smoothstep(0.2, 0.6, c.a) * opacity;
#else
    float alpha = opacity;
#endif
    colour = vec4(sqrt(clamp(result, 0.0, 1.0)), alpha);
}
"""

#: Of closed skin, of whatever has holes, of anything else.
SURFACE_FRAGMENTS = {
    "skin": _SURFACE_FRAGMENT.replace("#version 330", "#version 330\n#define SKIN"),
    "holes": _SURFACE_FRAGMENT.replace("#version 330", "#version 330\n#define HOLES"),
    "solid": _SURFACE_FRAGMENT,
}

DEPTH_FRAGMENT = """
#version 330
in vec3 at;
in vec2 texel;
uniform sampler2D picture;
uniform vec4 cut;
void main() {
    if (dot(cut.xyz, at) > cut.w) discard;
    if (texture(picture, texel).a < 0.5) discard;
}
"""

DEPTH_VERTEX = """
#version 330
in vec3 position;
in vec2 uv;
uniform mat4 clip;
out vec3 at;
out vec2 texel;
void main() {
    gl_Position = clip * vec4(position, 1.0);
    at = position;
    texel = uv;
}
"""

BACKGROUND_VERTEX = """
#version 330
in vec2 corner;
out vec2 texel;
void main() {
    gl_Position = vec4(corner, 0.0, 1.0);
    texel = corner * 0.5 + 0.5;
}
"""

BACKGROUND_FRAGMENT = """
#version 330
in vec2 texel;
uniform sampler2D picture;
out vec4 colour;
void main() {
    colour = vec4(texture(picture, texel).rgb, 1.0);
}
"""
