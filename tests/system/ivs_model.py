"""The service model of Amazon IVS, from botocore; what is newer than Debian's botocore is added here."""

import copy

import botocore.loaders


def arn(kind):
    return {"type": "string", "min": 1, "max": 128, "pattern": rf"arn:aws:ivs:[a-z0-9-]+:[0-9]+:{kind}/[a-zA-Z0-9-]+"}


def optional_arn(kind):
    return {"type": "string", "min": 0, "max": 128,
            "pattern": rf"^$|^arn:aws:ivs:[a-z0-9-]+:[0-9]+:{kind}/[a-zA-Z0-9-]+$"}


def name():
    return {"type": "string", "min": 0, "max": 128, "pattern": "[a-zA-Z0-9-_]*"}


def structure(required="", **members):
    made = {"type": "structure", "members": {member: {"shape": shape} for member, shape in members.items()}}
    return {**made, "required": required.split()} if required else made


def items(shape, **limits):
    return {"type": "list", "member": {"shape": shape}, **limits}


def enum(*values):
    return {"type": "string", "enum": list(values)}


POLICY = {"arn": "PlaybackRestrictionPolicyArn", "allowedCountries": "AllowedCountries",
          "allowedOrigins": "AllowedOrigins", "enableStrictOriginEnforcement": "Boolean",
          "name": "PlaybackRestrictionPolicyName", "tags": "Tags"}
VIEWER_SESSION = {"channelArn": "ChannelArn", "viewerId": "ViewerId",
                  "viewerSessionVersionsLessThanOrEqualTo": "ViewerSessionVersion"}

SHAPES = {
    "ChannelAdConfigurationArn": optional_arn("ad-configuration"),
    "ChannelPlaybackRestrictionPolicyArn": optional_arn("playback-restriction-policy"),
    "PlaybackRestrictionPolicyArn": arn("playback-restriction-policy"),
    "PlaybackRestrictionPolicyName": name(),
    "AllowedCountry": {"type": "string", "min": 2, "max": 2},
    "AllowedCountries": items("AllowedCountry"),
    "AllowedOrigin": {"type": "string", "min": 0, "max": 128},
    "AllowedOrigins": items("AllowedOrigin"),
    "PlaybackRestrictionPolicy": structure("arn allowedCountries allowedOrigins", **POLICY),
    "PlaybackRestrictionPolicies": items("PlaybackRestrictionPolicy"),
    "MaxPlaybackRestrictionPolicyResults": {"type": "integer", "min": 1, "max": 100},
    "CreatePlaybackRestrictionPolicyRequest": structure(**{k: v for k, v in POLICY.items() if k != "arn"}),
    "UpdatePlaybackRestrictionPolicyRequest": structure("arn", **{k: v for k, v in POLICY.items() if k != "tags"}),
    "PlaybackRestrictionPolicyArnRequest": structure("arn", arn="PlaybackRestrictionPolicyArn"),
    "PlaybackRestrictionPolicyResponse": structure(playbackRestrictionPolicy="PlaybackRestrictionPolicy"),
    "ListPlaybackRestrictionPoliciesRequest": structure(
        nextToken="PaginationToken", maxResults="MaxPlaybackRestrictionPolicyResults"),
    "ListPlaybackRestrictionPoliciesResponse": structure(
        "playbackRestrictionPolicies", playbackRestrictionPolicies="PlaybackRestrictionPolicies",
        nextToken="PaginationToken"),
    "ViewerId": {"type": "string", "min": 1, "max": 40},
    "ViewerSessionVersion": {"type": "integer", "min": 0},
    "StartViewerSessionRevocationRequest": structure("channelArn viewerId", **VIEWER_SESSION),
    "ViewerSession": structure("channelArn viewerId", **VIEWER_SESSION),
    "ViewerSessions": items("ViewerSession", min=1, max=20),
    "BatchStartViewerSessionRevocationRequest": structure("viewerSessions", viewerSessions="ViewerSessions"),
    "RevocationError": structure("channelArn viewerId", channelArn="ChannelArn", viewerId="ViewerId",
                                 code="String", message="String"),
    "RevocationErrors": items("RevocationError"),
    "BatchStartViewerSessionRevocationResponse": structure(errors="RevocationErrors"),
    "ContainerFormat": enum("TS", "FRAGMENTED_MP4"),
    "MultitrackPolicy": enum("ALLOW", "REQUIRE"),
    "MultitrackMaximumResolution": enum("SD", "HD", "FULL_HD"),
    "MultitrackInputConfiguration": structure(
        enabled="Boolean", policy="MultitrackPolicy", maximumResolution="MultitrackMaximumResolution"),
    "TranscodePreset": enum("HIGHER_BANDWIDTH_DELIVERY", "CONSTRAINED_BANDWIDTH_DELIVERY"),
    "Resolution": enum("SD", "HD", "FULL_HD", "LOWEST_RESOLUTION"),
    "Resolutions": items("Resolution"),
    "RenditionSelection": enum("ALL", "NONE", "CUSTOM"),
    "RenditionConfiguration": structure(renditionSelection="RenditionSelection", renditions="Resolutions"),
    "ThumbnailStorage": enum("SEQUENTIAL", "LATEST"),
    "ThumbnailStorages": items("ThumbnailStorage"),
    "VideoConfigurations": items("VideoConfiguration"),
    "AudioConfigurations": items("AudioConfiguration"),
    "IngestConfigurations": structure("videoConfigurations audioConfigurations",
                                      videoConfigurations="VideoConfigurations",
                                      audioConfigurations="AudioConfigurations"),
    "Empty": structure(),
}

CHANNEL = {"insecureIngest": "Boolean", "preset": "TranscodePreset",
           "playbackRestrictionPolicyArn": "ChannelPlaybackRestrictionPolicyArn",
           "adConfigurationArn": "ChannelAdConfigurationArn"}
CHANNEL_DETAILS = {**CHANNEL, "containerFormat": "ContainerFormat",
                   "multitrackInputConfiguration": "MultitrackInputConfiguration"}
MEMBERS = {
    "Channel": CHANNEL_DETAILS, "CreateChannelRequest": CHANNEL_DETAILS, "UpdateChannelRequest": CHANNEL_DETAILS,
    "ChannelSummary": {**CHANNEL, "type": "ChannelType"},
    "ListChannelsRequest": {"filterByPlaybackRestrictionPolicyArn": "ChannelPlaybackRestrictionPolicyArn",
                            "filterByAdConfigurationArn": "ChannelAdConfigurationArn"},
    "RecordingConfiguration": {"renditionConfiguration": "RenditionConfiguration"},
    "CreateRecordingConfigurationRequest": {"renditionConfiguration": "RenditionConfiguration"},
    "StreamSession": {"ingestConfigurations": "IngestConfigurations"},
    "StreamEvent": {"code": "String"},
    "VideoConfiguration": {"level": "String", "profile": "String", "track": "String"},
    "AudioConfiguration": {"track": "String"},
    "ThumbnailConfiguration": {"resolution": "Resolution", "storage": "ThumbnailStorages"},
}
TAG = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]"
LIMITS = {
    "ChannelType": {"enum": ["BASIC", "STANDARD", "ADVANCED_SD", "ADVANCED_HD"]},
    "PaginationToken": {"max": 1024, "pattern": "[a-zA-Z0-9+/=_-]*"},
    "TagKey": {"pattern": f"({TAG}+)"}, "TagValue": {"pattern": f"({TAG}*)"},
    "TargetIntervalSeconds": {"min": 1},
}
OPERATIONS = {
    "CreatePlaybackRestrictionPolicy": ("CreatePlaybackRestrictionPolicyRequest", "PlaybackRestrictionPolicyResponse"),
    "GetPlaybackRestrictionPolicy": ("PlaybackRestrictionPolicyArnRequest", "PlaybackRestrictionPolicyResponse"),
    "UpdatePlaybackRestrictionPolicy": ("UpdatePlaybackRestrictionPolicyRequest", "PlaybackRestrictionPolicyResponse"),
    "DeletePlaybackRestrictionPolicy": ("PlaybackRestrictionPolicyArnRequest", None),
    "ListPlaybackRestrictionPolicies": ("ListPlaybackRestrictionPoliciesRequest",
                                        "ListPlaybackRestrictionPoliciesResponse"),
    "StartViewerSessionRevocation": ("StartViewerSessionRevocationRequest", "Empty"),
    "BatchStartViewerSessionRevocation": ("BatchStartViewerSessionRevocationRequest",
                                          "BatchStartViewerSessionRevocationResponse"),
}
ADS = ["CreateAdConfiguration", "GetAdConfiguration", "ListAdConfigurations", "DeleteAdConfiguration",
       "UpdateAdConfiguration", "InsertAdBreak"]


def load():
    """{"operations": ..., "shapes": ...}; every operation has http, input and, but for a 204, output."""
    model = copy.deepcopy(botocore.loaders.Loader().load_service_model("ivs", "service-2"))
    shapes, operations = model["shapes"], model["operations"]
    for shape, made in SHAPES.items():
        shapes.setdefault(shape, made)
    for shape, members in MEMBERS.items():
        for member, kind in members.items():
            shapes[shape]["members"].setdefault(member, {"shape": kind})
    for shape, limits in LIMITS.items():
        shapes[shape].update(limits)
    for operation, (takes, gives) in OPERATIONS.items():
        operations.setdefault(operation, {"http": {"method": "POST", "requestUri": "/" + operation},
                                          "input": {"shape": takes}, **({"output": {"shape": gives}} if gives else {})})
    for operation in ADS:
        operations.setdefault(operation, {"http": {"method": "POST", "requestUri": "/" + operation}})
    return model
